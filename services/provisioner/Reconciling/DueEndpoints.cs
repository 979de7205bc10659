using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>
/// Endpoints whose capacity should be looked at: at once when something was heard of them, later when a time was set. One that
/// is marked many times is looked at once; one that is marked while it is being looked at is looked at again.
/// </summary>
public sealed class DueEndpoints(TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Channel<string> _due = Channel.CreateUnbounded<string>();

    /// <summary>Has an endpoint looked at.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public void Mark(string endpointId)
    {
        var entry = _entries.GetOrAdd(endpointId, static _ => new());
        lock (entry)
        {
            if (entry.Marked) return;
            entry.Marked = true;
            if (!entry.Taken) _due.Writer.TryWrite(endpointId);
        }
    }

    /// <summary>Waits for an endpoint to look at. Nobody else is given it until it is put back.</summary>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<string> TakeAsync(CancellationToken cancel)
    {
        var endpointId = await _due.Reader.ReadAsync(cancel);
        var entry = _entries[endpointId];
        lock (entry) (entry.Marked, entry.Taken) = (false, true);
        return endpointId;
    }

    /// <summary>Puts an endpoint back after it was looked at.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="lookAgainAt">When to look again if nothing is heard before; null for no time.</param>
    public void PutBack(string endpointId, DateTimeOffset? lookAgainAt)
    {
        var entry = _entries[endpointId];
        lock (entry)
        {
            entry.Taken = false;
            entry.Later?.Dispose();
            entry.Later = lookAgainAt is { } at ? time.CreateTimer(_ => Mark(endpointId), null, Wait(at), Timeout.InfiniteTimeSpan) : null;
            if (entry.Marked) _due.Writer.TryWrite(endpointId);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var entry in _entries.Values)
            lock (entry) entry.Later?.Dispose();
    }

    // Timers round down; a look that comes too early would find nothing to do and look again at once.
    private TimeSpan Wait(DateTimeOffset at) => TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling((at - time.GetUtcNow()).TotalMilliseconds)) + 1);

    private sealed class Entry
    {
        public bool Marked, Taken;
        public ITimer? Later;
    }
}
