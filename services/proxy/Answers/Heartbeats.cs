using System.Collections.Concurrent;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Answers;

/// <summary>
/// Signs of life on one stream that has nothing to say yet: comments, which clients pass over. Whoever writes the answer pauses it first, so that two
/// never write at once; from the first beat on the answer is a stream, whatever comes.
/// </summary>
/// <param name="http">The request.</param>
/// <param name="now">Timestamp of now.</param>
internal sealed class Heartbeat(HttpContext http, long now)
{
    private static readonly ReadOnlyMemory<byte> Waking = ": waking\n\n"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Working = ": working\n\n"u8.ToArray();
    private int _isWriting;
    private bool _isPaused; // The request's own knowledge; whoever beats does not look at it.
    private long _quietSince = now;
    private volatile bool _isAtNode;
    private volatile Task _beat = Task.CompletedTask;

    /// <summary>The request is at a node.</summary>
    public void ReachedNode() => _isAtNode = true;

    /// <summary>Lets nobody but the request itself write, until <see cref="Resume"/>. Pausing twice is pausing once.</summary>
    public async ValueTask PauseAsync()
    {
        while (!_isPaused && Interlocked.CompareExchange(ref _isWriting, 1, 0) != 0)
        {
            await Task.Yield();
            await _beat; // For as long as its client does not read.
        }
        _isPaused = true;
    }

    /// <summary>There is nothing to write for now.</summary>
    /// <param name="quietSince">Timestamp since when; null when nothing was written since the last time.</param>
    public void Resume(long? quietSince)
    {
        _isPaused = false;
        Continue(quietSince ?? _quietSince);
    }

    /// <summary>Writes a sign of life, if there was none for long enough and nobody writes.</summary>
    /// <param name="time">Time.</param>
    /// <param name="interval">How long is enough.</param>
    public async Task BeatIfQuietAsync(TimeProvider time, TimeSpan interval)
    {
        if (time.GetElapsedTime(Volatile.Read(ref _quietSince)) < interval || Interlocked.CompareExchange(ref _isWriting, 1, 0) != 0) return;
        var beat = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _beat = beat.Task;
        try
        {
            if (!http.Response.HasStarted)
            {
                RequestId.Echo(http);
                http.Response.ContentType = "text/event-stream; charset=utf-8";
                http.Response.Headers.CacheControl = "no-cache";
            }
            await http.Response.BodyWriter.WriteAsync(_isAtNode ? Working : Waking);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, which the request itself notices.
        }
        finally
        {
            Continue(time.GetTimestamp());
            beat.SetResult();
        }
    }

    private void Continue(long quietSince)
    {
        Volatile.Write(ref _quietSince, quietSince);
        Volatile.Write(ref _isWriting, 0);
    }
}

/// <summary>Keeps all streams alive that have nothing to say, so that no intermediary cuts them: while they wait for a node, and while the node works.</summary>
/// <param name="settings">How often.</param>
/// <param name="time">Time.</param>
public sealed class Heartbeats(WakingSettings settings, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan LongestTick = TimeSpan.FromSeconds(1);
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(settings.HeartbeatSeconds);
    private readonly ConcurrentDictionary<Heartbeat, byte> _streams = new();

    /// <summary>Begins to keep a stream alive; its first sign of life comes after the interval.</summary>
    /// <param name="http">The request.</param>
    internal Heartbeat Begin(HttpContext http)
    {
        var heartbeat = new Heartbeat(http, time.GetTimestamp());
        _streams.TryAdd(heartbeat, 0);
        return heartbeat;
    }

    /// <summary>The stream ends; nothing is written to it after this.</summary>
    /// <param name="heartbeat">Its heartbeat, paused.</param>
    internal void End(Heartbeat heartbeat) => _streams.TryRemove(heartbeat, out _);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tick = _interval / 4 < LongestTick ? _interval / 4 : LongestTick;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Not awaited: a client that reads slowly must not keep the others waiting.
            foreach (var (heartbeat, _) in _streams) _ = heartbeat.BeatIfQuietAsync(time, _interval);
        }
    }
}
