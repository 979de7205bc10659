using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Provisioner.Capacity;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>Takes what endpoints ask into their capacity streams: only the newest state counts, and only where it changes something.</summary>
/// <param name="streams">The capacity streams.</param>
/// <param name="due">Told at once, so that nothing waits for a message to come round.</param>
/// <param name="time">Time.</param>
public sealed class EndpointAsks(EventStreams<CapacityState, CapacityEvent> streams, DueEndpoints due, TimeProvider time)
{
    // What changed nothing is not recorded, so the stream alone can't tell that a late message is older than one that was heard.
    private readonly ConcurrentDictionary<string, long> _newest = new(StringComparer.Ordinal);

    /// <summary>Takes an endpoint's state.</summary>
    /// <param name="version">Its stream version.</param>
    /// <param name="state">Its state.</param>
    /// <param name="cancel">Stops.</param>
    public async Task TakeAsync(long version, EndpointState state, CancellationToken cancel)
    {
        if (_newest.TryGetValue(state.Id, out var newest) && version < newest) return;
        await TakeAsync(state.Id, Ask.Of(version, state), cancel);
        _newest.AddOrUpdate(state.Id, version, (_, known) => Math.Max(known, version));
    }

    /// <summary>Takes it that an endpoint is not known to its owner service any more.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="capacity">Its capacity.</param>
    /// <param name="cancel">Stops.</param>
    public Task TakeGoneAsync(string endpointId, CapacityState capacity, CancellationToken cancel) =>
        TakeAsync(endpointId, Ask.Gone(capacity, time.GetUtcNow()), cancel);

    private async Task TakeAsync(string endpointId, Ask ask, CancellationToken cancel)
    {
        var outcome = await streams.DecideAsync(CapacityState.Key(endpointId), (state, _) => CapacityDecider.Ask(state, ask, time.GetUtcNow()), cancel);
        if (outcome.Changed) due.Mark(endpointId);
    }
}
