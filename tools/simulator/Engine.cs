using System.Runtime.CompilerServices;

namespace Hypervize.Simulator;

/// <summary>The simulated model: loads, queues requests beyond its concurrency, and speaks word by word. A token is a word.</summary>
/// <param name="behaviour">How it behaves.</param>
/// <param name="time">Time.</param>
public sealed class Engine(Behaviour behaviour, TimeProvider time) : IDisposable
{
    private const string Speech = "This is a simulated answer from a node without a GPU, made of the same words again and again, so that a platform can be shown and tested. ";
    private static readonly string[] Words = [.. Speech.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w + " ")];

    private readonly SemaphoreSlim _slots = new(behaviour.Concurrency);
    private int _running;
    private int _waiting;
    private int _completed;
    private long _promptTokens;
    private long _generatedTokens;

    /// <summary>When the model had loaded; null while it loads.</summary>
    public DateTimeOffset? ReadyAt { get; private set; }

    /// <summary>Requests that generate.</summary>
    public int Running => _running;

    /// <summary>Requests that wait for a slot.</summary>
    public int Waiting => _waiting;

    /// <summary>Prompt tokens read so far.</summary>
    public long PromptTokens => _promptTokens;

    /// <summary>Tokens generated so far.</summary>
    public long GeneratedTokens => _generatedTokens;

    /// <summary>Share of the slots in use, 0 to 1.</summary>
    public double Usage => (double)_running / behaviour.Concurrency;

    /// <summary>Loads the model.</summary>
    /// <param name="cancel">Stops.</param>
    /// <returns>Whether it loaded; otherwise the process should end.</returns>
    public async Task<bool> LoadAsync(CancellationToken cancel)
    {
        await Task.Delay(behaviour.Hang ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(behaviour.LoadSeconds), time, cancel);
        if (behaviour.FailToLoad) return false;
        ReadyAt = time.GetUtcNow();
        return true;
    }

    /// <summary>Generates tokens for one request. Stops at once when the caller goes.</summary>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="tokens">Tokens to generate.</param>
    /// <param name="cancel">The caller went.</param>
    public async IAsyncEnumerable<string> GenerateAsync(int promptTokens, int tokens, [EnumeratorCancellation] CancellationToken cancel)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _slots.WaitAsync(cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        Interlocked.Increment(ref _running);
        try
        {
            Interlocked.Add(ref _promptTokens, promptTokens);
            var started = time.GetTimestamp();
            for (var i = 0; i < tokens; i++)
            {
                // Paced from the start, so that late timers do not add up.
                var due = TimeSpan.FromMilliseconds(behaviour.TtftMs + (behaviour.TokensPerSecond > 0 ? i * 1000 / behaviour.TokensPerSecond : 0));
                if (due - time.GetElapsedTime(started) is { Ticks: > 0 } pause) await Task.Delay(pause, time, cancel);
                cancel.ThrowIfCancellationRequested();
                Interlocked.Increment(ref _generatedTokens);
                yield return Words[i % Words.Length];
            }
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            _slots.Release();
        }
    }

    /// <summary>Whether a stream is to be cut after this many tokens.</summary>
    /// <param name="tokens">Tokens sent.</param>
    public bool DropsAfter(int tokens) => behaviour.DropStreamAfter > 0 && tokens >= behaviour.DropStreamAfter;

    /// <summary>Notes that a request was answered, and dies when that is what was asked for.</summary>
    public void Completed()
    {
        // No farewell: a crash is what proxies and provisioners are tested with.
        if (Interlocked.Increment(ref _completed) == behaviour.CrashAfter) System.Diagnostics.Process.GetCurrentProcess().Kill();
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();
}
