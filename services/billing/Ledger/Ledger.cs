using System.Text.Json.Serialization;
using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Billing.Ledger;

/// <summary>A fact in an account's ledger. Its type names are pinned.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MeterOpened), "meter_opened")]
[JsonDerivedType(typeof(MeterClosed), "meter_closed")]
public abstract record LedgerEvent
{
    private protected LedgerEvent() { }
}

/// <summary>A node began to cost money.</summary>
/// <param name="EndpointId">The node's endpoint.</param>
/// <param name="NodeId">The node.</param>
/// <param name="Hardware">Catalogue id of what it runs on.</param>
/// <param name="PricePerHour">US dollars per hour of the node.</param>
/// <param name="AddOns">Add-ons of its endpoint, each charged once per endpoint however many nodes bear it.</param>
/// <param name="At">Observation time.</param>
/// <param name="Source">Id of the endpoint event that opened it.</param>
public sealed record MeterOpened(
    string EndpointId, string NodeId, string Hardware, decimal PricePerHour, IReadOnlyList<AddOn> AddOns, DateTimeOffset At, Guid Source) : LedgerEvent;

/// <summary>A node stopped costing money, or its prices changed and another meter opens.</summary>
/// <param name="EndpointId">The node's endpoint.</param>
/// <param name="NodeId">The node.</param>
/// <param name="At">Observation time, never before the meter opened.</param>
/// <param name="Source">Id of the endpoint event that closed it.</param>
public sealed record MeterClosed(string EndpointId, string NodeId, DateTimeOffset At, Guid Source) : LedgerEvent;

/// <summary>What deciding on an account's ledger needs: the meters that run.</summary>
/// <param name="Open">How each running meter was opened, oldest first.</param>
public sealed record LedgerState(IReadOnlyList<MeterOpened> Open)
{
    /// <summary>A ledger without a running meter.</summary>
    public static LedgerState Empty { get; } = new([]);

    /// <summary>How a ledger's events add up.</summary>
    public static Fold<LedgerState, LedgerEvent> Fold { get; } = new(Revision: 1, (state, e, _) => Evolve(state ?? Empty, e));

    /// <summary>Stream key of an account's ledger.</summary>
    /// <param name="accountId">The account.</param>
    public static string Key(string accountId) => $"ledger-{accountId}";

    private static LedgerState Evolve(LedgerState state, LedgerEvent e) => e switch
    {
        MeterOpened opened => new([.. state.Open, opened]),
        MeterClosed closed => new([.. state.Open.Where(m => m.NodeId != closed.NodeId)]),
        _ => throw new InvalidOperationException($"A ledger holds no {e.GetType().Name}."),
    };
}

/// <summary>Turns the facts of endpoints into a ledger. Facts are never refused.</summary>
public static class LedgerDecider
{
    /// <summary>What a fact means in money.</summary>
    /// <param name="state">The account's ledger; null when it has none.</param>
    /// <param name="endpointId">The endpoint the fact is about.</param>
    /// <param name="fact">The fact.</param>
    /// <param name="source">Its event id.</param>
    public static Decision<LedgerEvent> Record(LedgerState? state, string endpointId, EndpointEvent fact, Guid source)
    {
        var open = (state ?? LedgerState.Empty).Open;
        return fact switch
        {
            NodeReady ready when open.Any(m => m.NodeId == ready.NodeId) => Decision<LedgerEvent>.Nothing,
            // An add-on has one price at a time, the newest: what ran at another is split.
            NodeReady ready => Decision<LedgerEvent>.Say(
            [
                .. Split(open, endpointId, ready.AddOns, ready.At, source),
                new MeterOpened(endpointId, ready.NodeId, ready.Hardware, ready.PricePerHour, ready.AddOns, ready.At, source),
            ]),

            NodeStopped stopped => Close(open, stopped.NodeId, stopped.At, source),

            // What the node did after its last healthy probe is nobody's to pay.
            NodeLost lost => Close(open, lost.NodeId, lost.LastHealthyAt ?? DateTimeOffset.MinValue, source),

            EndpointUpdated updated => Decision<LedgerEvent>.Say([.. Split(open, endpointId, updated.AddOns, updated.At, source)]),

            _ => Decision<LedgerEvent>.Nothing,
        };
    }

    private static Decision<LedgerEvent> Close(IReadOnlyList<MeterOpened> open, string nodeId, DateTimeOffset at, Guid source) =>
        open.FirstOrDefault(m => m.NodeId == nodeId) is { } meter
            ? Decision<LedgerEvent>.Say(new MeterClosed(meter.EndpointId, nodeId, Later(meter.At, at), source))
            : Decision<LedgerEvent>.Nothing;

    private static IEnumerable<LedgerEvent> Split(IEnumerable<MeterOpened> open, string endpointId, IReadOnlyList<AddOn> addOns, DateTimeOffset changedAt, Guid source)
    {
        foreach (var meter in open.Where(m => m.EndpointId == endpointId && !m.AddOns.SequenceEqual(addOns)))
        {
            // Settings change by the endpoints service's clock, nodes by the provisioner's: a meter never runs backwards.
            var at = Later(meter.At, changedAt);
            yield return new MeterClosed(meter.EndpointId, meter.NodeId, at, source);
            yield return meter with { AddOns = addOns, At = at, Source = source };
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
