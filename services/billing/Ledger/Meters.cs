using Hypervize.Contracts;
using Hypervize.EventSourcing;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;

namespace Hypervize.Billing.Ledger;

/// <summary>A stretch of time that a node cost money, made from the ledger's events: what usage is read from.</summary>
public sealed class Meter
{
    /// <summary>Id of the ledger event that opened it.</summary>
    public required Guid Id { get; init; }

    /// <summary>The account that pays.</summary>
    public required string AccountId { get; init; }

    /// <summary>The node's endpoint.</summary>
    public required string EndpointId { get; init; }

    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>Catalogue id of what the node runs on.</summary>
    public required string Hardware { get; init; }

    /// <summary>US dollars per hour of the node.</summary>
    public required decimal PricePerHour { get; init; }

    /// <summary>Add-ons of its endpoint.</summary>
    public required IReadOnlyList<AddOn> AddOns { get; init; }

    /// <summary>When it opened.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>When it closed; null while it runs.</summary>
    public DateTimeOffset? To { get; set; }

    /// <summary>Id of the endpoint event that opened it.</summary>
    public required Guid OpenedBy { get; init; }

    /// <summary>Id of the endpoint event that closed it; null while it runs.</summary>
    public Guid? ClosedBy { get; set; }

    /// <summary>The meter that an event opened.</summary>
    /// <param name="id">Id of the ledger event.</param>
    /// <param name="accountId">The account that pays.</param>
    /// <param name="opened">The event.</param>
    public static Meter Opened(Guid id, string accountId, MeterOpened opened) => new()
    {
        Id = id, AccountId = accountId, EndpointId = opened.EndpointId, NodeId = opened.NodeId, Hardware = opened.Hardware,
        PricePerHour = opened.PricePerHour, AddOns = opened.AddOns, From = opened.At, OpenedBy = opened.Source,
    };
}

/// <summary>Keeps a document per meter, in the transaction of the ledger event that opens or closes it.</summary>
internal sealed partial class MeterProjection : EventProjection
{
    /// <inheritdoc/>
    public override async ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case MeterOpened opened:
                operations.Store(Meter.Opened(e.Id, e.StreamKey![LedgerState.Key("").Length..], opened));
                break;
            case MeterClosed closed:
                var meter = await operations.Query<Meter>()
                    .SingleAsync(m => m.EndpointId == closed.EndpointId && m.NodeId == closed.NodeId && m.To == null, cancellation);
                meter.To = closed.At;
                meter.ClosedBy = closed.Source;
                operations.Store(meter);
                break;
        }
    }
}

/// <summary>Registers ledgers and their meters.</summary>
public static class LedgerRegistration
{
    /// <summary>Adds the streams of ledgers, and the meters made of them.</summary>
    /// <param name="log">The service's event log.</param>
    public static EventLog AddLedgers(this EventLog log) => log.Stream("ledger", LedgerState.Fold).Configure(store =>
    {
        store.Projections.Add(new MeterProjection(), ProjectionLifecycle.Inline);
        store.Schema.For<Meter>().Index(m => m.AccountId).Index(m => m.NodeId);
    });
}
