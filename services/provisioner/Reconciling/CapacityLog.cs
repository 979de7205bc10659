using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Provisioner.Capacity;
using JasperFx.Events;
using Marten;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>Reads the capacity streams.</summary>
/// <param name="store">The service's store.</param>
public sealed class CapacityLog(IDocumentStore store)
{
    private const int PageSize = 500;

    /// <summary>Keeps asking for active capacities cheap, however many endpoints there ever were.</summary>
    /// <param name="store">The store under configuration.</param>
    public static void Index(StoreOptions store) => store.Schema.For<Snapshot<CapacityState>>().Index(s => s.State.Active);

    /// <summary>Capacities that want nodes or have some, by endpoint.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyDictionary<string, CapacityState>> ActiveAsync(CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var snapshots = await session.Query<Snapshot<CapacityState>>().Where(s => s.State.Active).ToListAsync(cancel);
        return snapshots.ToDictionary(s => CapacityState.EndpointOf(s.Id), s => s.State);
    }

    /// <summary>How far every stream has come.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<StreamVersion>> VersionsAsync(CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var versions = await session.Query<Snapshot<CapacityState>>().Select(s => new { s.Id, s.Version }).ToListAsync(cancel);
        return [.. versions.Select(v => new StreamVersion(CapacityState.EndpointOf(v.Id), v.Version))];
    }

    /// <summary>Facts after a version, in order; a page of them.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="after">Version; 0 for the beginning.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<CapacityChanged>> AfterAsync(string endpointId, long after, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(CapacityState.Key(endpointId), version: after + PageSize, fromVersion: after + 1, token: cancel);
        return [.. events.Select(e => Message(e, (CapacityEvent)e.Data))];
    }

    /// <summary>The trace that a fact was appended under; null when it was not traced.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="version">Version of the fact.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<string?> TraceAsync(string endpointId, long version, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(CapacityState.Key(endpointId), version: version, fromVersion: version, token: cancel);
        return events.Count == 0 ? null : TraceHeaders.Read(events[0]);
    }

    /// <summary>The message of a stored event.</summary>
    /// <param name="stored">The event.</param>
    /// <param name="fact">Its fact.</param>
    public static CapacityChanged Message(IEvent stored, CapacityEvent fact) => new(CapacityState.EndpointOf(stored.StreamKey!), stored.Version, stored.Id, fact);
}
