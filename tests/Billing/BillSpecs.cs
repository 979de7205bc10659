using CsCheck;
using Hypervize.Billing.Invoices;
using Hypervize.Billing.Ledger;
using Hypervize.Contracts;

namespace Hypervize.Billing.Tests;

/// <summary>What meters cost.</summary>
public sealed class BillSpecs
{
    private static readonly DateTimeOffset Midnight = new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly AddOn Telemetry = new("telemetry", 0.15m);
    private static readonly EndpointSettings Settings =
        new("chat", "simulator/tiny", "g5.xlarge", "simulator", new Scaling(0, 9, 60, 16), 60, EndpointAccess.Private, true);

    [Fact]
    public void An_hour_of_a_node_costs_its_price() =>
        Assert.Equal(1.006m, Total(Meter("a", Midnight, Midnight.AddHours(1))));

    [Fact]
    public void A_short_meter_is_charged_by_the_second() =>
        Assert.Equal(0.001956m, Total(Meter("a", Midnight, Midnight.AddSeconds(7))));

    [Fact]
    public void An_add_on_of_two_nodes_is_charged_once_while_either_runs()
    {
        var lines = Lines(
            Meter("a", Midnight, Midnight.AddHours(2), Telemetry),
            Meter("b", Midnight.AddHours(1), Midnight.AddHours(3), Telemetry));
        Assert.Equal(0.45m, lines.Where(l => l.Kind == LineKind.AddOn).Sum(l => l.Amount));
    }

    [Fact]
    public void An_add_on_is_not_charged_while_no_node_is_metered()
    {
        var lines = Lines(
            Meter("a", Midnight, Midnight.AddHours(1), Telemetry),
            Meter("b", Midnight.AddHours(5), Midnight.AddHours(6), Telemetry));
        Assert.Equal(0.30m, lines.Where(l => l.Kind == LineKind.AddOn).Sum(l => l.Amount));
    }

    [Fact]
    public void A_meter_over_midnight_has_a_line_for_each_day() =>
        Assert.Equal([3600L, 7200L], Lines(Meter("a", Midnight.AddHours(-1), Midnight.AddHours(2))).Select(l => l.Seconds));

    [Fact]
    public void A_running_meter_is_read_at_the_end_of_the_period() =>
        Assert.Equal(86_400, Lines(Meter("a", Midnight, null)).Single().Seconds);

    [Fact]
    public void Every_line_names_the_events_that_opened_and_closed_its_meter()
    {
        var meter = Meter("a", Midnight, Midnight.AddHours(1));
        var line = Lines(meter).Single();
        Assert.Equal((meter.OpenedBy, meter.ClosedBy), (line.OpenedBy, line.ClosedBy));
    }

    [Fact]
    public void Burn_counts_an_add_on_once_per_endpoint() =>
        Assert.Equal(2 * 1.006m + 0.15m, Bill.BurnPerHour([Meter("a", Midnight, null, Telemetry), Meter("b", Midnight, null, Telemetry)]));

    [Fact]
    public void Splitting_a_meter_changes_no_second() =>
        Gen.Int[0, 100_000].Select(Gen.Int[0, 100_000], Gen.Int[0, 100_000]).Sample((a, b, c) =>
        {
            var at = new[] { a, b, c }.Order().Select(ms => Midnight.AddMilliseconds(ms)).ToArray();
            var whole = Lines(Meter("a", at[0], at[2])).Sum(l => l.Seconds);
            var halves = Lines(Meter("a", at[0], at[1]), Meter("a", at[1], at[2])).Sum(l => l.Seconds);
            Assert.Equal(whole, halves);
        });

    // Later than any history below reaches: what still runs then is read there.
    private const int Horizon = 400;

    /// <summary>The bill of a random history equals a sum made second by second, by other means.</summary>
    [Fact]
    public void The_bill_of_a_history_equals_an_independent_sum() =>
        Histories.Sample(history =>
        {
            var state = LedgerState.Empty;
            var meters = new List<Meter>();
            foreach (var (fact, id) in history.Select((f, i) => (f, new Guid(i, 0, 0, new byte[8]))))
            {
                var said = LedgerDecider.Record(state, "endpt-000000000001", fact, id).Events;
                state = LedgerState.Fold.From(state, 0, said)!;
                foreach (var e in said)
                {
                    if (e is MeterOpened opened) meters.Add(Ledger.Meter.Opened(Guid.NewGuid(), "acct-1", opened));
                    if (e is MeterClosed closed) meters.Single(m => m.NodeId == closed.NodeId && m.To is null).To = closed.At;
                }
            }

            var billed = Bill.Lines(meters, Midnight, Midnight.AddSeconds(Horizon));
            var (nodeSeconds, addOnSeconds) = SecondBySecond(history);
            Assert.Equal(nodeSeconds, billed.Where(l => l.Kind == LineKind.Node).Sum(l => l.Seconds));
            Assert.Equal(addOnSeconds, billed.Where(l => l.Kind == LineKind.AddOn).Sum(l => l.Seconds));
        });

    private static (long Nodes, long AddOns) SecondBySecond(IReadOnlyList<EndpointEvent> history)
    {
        var (nodes, addOns) = (0L, 0L);
        for (var second = 0; second < Horizon; second++)
        {
            var now = Midnight.AddSeconds(second);
            var running = history.OfType<NodeReady>().GroupBy(r => r.NodeId).Select(g => g.First()).Where(r => r.At <= now && End(r) > now).ToList();
            nodes += running.Count;
            var telemetry = history.OfType<EndpointUpdated>().Where(u => u.At <= now).Select(u => u.AddOns.Count > 0).LastOrDefault(true);
            if (telemetry && running.Count > 0) addOns++;
        }
        return (nodes, addOns);

        DateTimeOffset End(NodeReady node) => history.SkipWhile(f => f != node).Select(f => f switch
        {
            NodeStopped s when s.NodeId == node.NodeId => s.At,
            NodeLost l when l.NodeId == node.NodeId => l.LastHealthyAt,
            _ => null,
        }).FirstOrDefault(at => at is not null) ?? Midnight.AddSeconds(Horizon);
    }

    // Nodes come and go and the add-on is switched, at whole seconds and in the order of time, as one endpoint's stream tells it.
    private static readonly Gen<IReadOnlyList<EndpointEvent>> Histories =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int[0, 12]).List[0, 30].Select(steps =>
        {
            var history = new List<EndpointEvent>();
            var running = new List<string>();
            var (clock, bornAt, addOns) = (0, 0, (IReadOnlyList<AddOn>)[Telemetry]);
            foreach (var (what, which, passed) in steps)
            {
                clock += passed;
                var at = Midnight.AddSeconds(clock);
                switch (what)
                {
                    case 0:
                        running.Add($"node-{bornAt++}");
                        history.Add(new NodeReady(running[^1], "http://127.0.0.1:20000", "g5.xlarge", 1.006m, addOns, at, null, at));
                        break;
                    case 1 when running.Count > 0:
                        history.Add(new NodeStopped(running[which % running.Count], at));
                        running.RemoveAt(which % running.Count);
                        break;
                    case 2 when running.Count > 0:
                        history.Add(new NodeLost(running[which % running.Count], new(FailureCode.NodeCrashed, "It ended.", null), 0, at, at.AddSeconds(1)));
                        running.RemoveAt(which % running.Count);
                        break;
                    case 3:
                        addOns = addOns.Count > 0 ? [] : [Telemetry];
                        history.Add(new EndpointUpdated(Settings, addOns, "hvz_live_abcd", at));
                        break;
                }
            }
            return (IReadOnlyList<EndpointEvent>)history;
        });

    private static decimal Total(params Meter[] meters) => Lines(meters).Sum(l => l.Amount);

    private static IReadOnlyList<Line> Lines(params Meter[] meters) => Bill.Lines(meters, Midnight.AddDays(-1), Midnight.AddDays(1));

    private static Meter Meter(string node, DateTimeOffset from, DateTimeOffset? to, params AddOn[] addOns) => new()
    {
        Id = Guid.NewGuid(), AccountId = "acct-1", EndpointId = "endpt-000000000001", NodeId = node, Hardware = "g5.xlarge", PricePerHour = 1.006m,
        AddOns = addOns, From = from, To = to, OpenedBy = Guid.NewGuid(), ClosedBy = to is null ? null : Guid.NewGuid(),
    };
}
