namespace Hypervize.Simulator;

/// <summary>The simulated model's capacity and pace: so many requests at once, the rest in a queue, tokens by the clock.</summary>
internal sealed class Engine(Behaviour behaviour, TimeProvider time) : IDisposable
{
    private readonly TimeProvider _time = time;
    private readonly SemaphoreSlim _slots = new(behaviour.Concurrency);
    private int _running;
    private int _waiting;
    private long _promptTokens;
    private long _generatedTokens;

    /// <summary>When the model was loaded; null before.</summary>
    public DateTimeOffset? ReadyAt { get; private set; }

    public int Running => Volatile.Read(ref _running);

    public int Waiting => Volatile.Read(ref _waiting);

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long GeneratedTokens => Interlocked.Read(ref _generatedTokens);

    public async Task LoadAsync(CancellationToken cancel)
    {
        await Task.Delay(behaviour.Hang ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(behaviour.LoadSeconds), _time, cancel);
        if (!behaviour.FailToLoad) ReadyAt = _time.GetUtcNow();
    }

    /// <summary>Waits for a slot and begins to generate in it; disposing what is returned frees the slot, finished or not.</summary>
    /// <exception cref="OperationCanceledException">The client went.</exception>
    public async Task<Generation> BeginAsync(int promptTokens, int tokens, CancellationToken gone)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _slots.WaitAsync(gone);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        Interlocked.Increment(ref _running);
        Interlocked.Add(ref _promptTokens, promptTokens);
        return new(this, tokens, _time.GetTimestamp());
    }

    public void Dispose() => _slots.Dispose();

    /// <summary>A request in its slot. Its tokens are due by the clock since its start, so late timers do not add up.</summary>
    internal sealed class Generation(Engine engine, int tokens, long started) : IDisposable
    {
        private int _counted;

        public bool IsMade(int token) => DueIn(token) <= TimeSpan.Zero;

        public async Task UntilMadeAsync(int token, CancellationToken gone)
        {
            if (DueIn(token) is { Ticks: > 0 } pause) await Task.Delay(pause, engine._time, gone);
            Count(Math.Min(token + 1, tokens));
        }

        public void Dispose()
        {
            while (_counted < tokens && IsMade(_counted)) Count(_counted + 1);
            Interlocked.Decrement(ref engine._running);
            engine._slots.Release();
        }

        private TimeSpan DueIn(int token) => engine.Due(token) - engine._time.GetElapsedTime(started);

        private void Count(int made)
        {
            if (made > _counted) Interlocked.Add(ref engine._generatedTokens, made - _counted);
            _counted = Math.Max(made, _counted);
        }
    }

    private TimeSpan Due(int token) => TimeSpan.FromMilliseconds(
        behaviour.FirstTokenMs + (behaviour.TokensPerSecond > 0 ? token * 1000 / behaviour.TokensPerSecond : 0));
}
