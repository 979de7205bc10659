using Hypervize.Billing.Ledger;
using Hypervize.Contracts;

namespace Hypervize.Billing.Tests;

/// <summary>What each fact of an endpoint means in money.</summary>
public sealed class LedgerSpecs
{
    private const string Endpoint = "endpt-000000000001";
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly AddOn Telemetry = new("telemetry", 0.15m);
    private static readonly Guid Source = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private static readonly Failure Crash = new(FailureCode.NodeCrashed, "It ended.", null);

    [Fact]
    public void A_ready_node_opens_a_meter_with_the_prices_of_that_moment() =>
        Given().When(Ready("node-a", Noon)).Then(Opened("node-a", Noon));

    [Fact]
    public void A_stopped_node_closes_its_meter_when_its_drain_ended() =>
        Given(Opened("node-a", Noon)).When(new NodeStopped("node-a", Noon.AddMinutes(5))).Then(Closed("node-a", Noon.AddMinutes(5)));

    [Fact]
    public void A_draining_node_is_still_metered() =>
        Given(Opened("node-a", Noon)).When(new NodeDraining("node-a", "scaled down", Noon.AddMinutes(5))).Then();

    [Fact]
    public void A_lost_node_is_metered_until_its_last_healthy_probe() =>
        Given(Opened("node-a", Noon)).When(new NodeLost("node-a", Crash, 0, Noon.AddSeconds(40), Noon.AddSeconds(42))).Then(Closed("node-a", Noon.AddSeconds(40)));

    [Fact]
    public void A_node_lost_before_it_was_ready_costs_nothing() =>
        Given().When(new NodeLost("node-a", Crash, 1, null, Noon)).Then();

    [Fact]
    public void A_meter_never_ends_before_it_began() =>
        Given(Opened("node-a", Noon)).When(new NodeStopped("node-a", Noon.AddSeconds(-3))).Then(Closed("node-a", Noon));

    [Fact]
    public void A_node_reported_ready_twice_has_one_meter() =>
        Given(Opened("node-a", Noon)).When(Ready("node-a", Noon.AddSeconds(1))).Then();

    [Fact]
    public void A_change_of_add_ons_splits_the_meters_of_that_endpoint() =>
        Given(Opened("node-a", Noon), Opened("node-b", Noon) with { EndpointId = "endpt-000000000002" })
            .When(new EndpointUpdated(Settings, [], "hvz_live_abcd", Noon.AddMinutes(1)))
            .Then(Closed("node-a", Noon.AddMinutes(1)), Opened("node-a", Noon.AddMinutes(1)) with { AddOns = [] });

    [Fact]
    public void A_node_that_is_ready_under_another_price_of_an_add_on_splits_what_runs_at_the_old_one()
    {
        var dearer = Telemetry with { PricePerHour = 0.20m };
        Given(Opened("node-a", Noon)).When(Ready("node-b", Noon.AddMinutes(1)) with { AddOns = [dearer] }).Then(
            Closed("node-a", Noon.AddMinutes(1)), Opened("node-a", Noon.AddMinutes(1)) with { AddOns = [dearer] }, Opened("node-b", Noon.AddMinutes(1)) with { AddOns = [dearer] });
    }

    [Fact]
    public void A_change_that_leaves_the_add_ons_alone_splits_nothing() =>
        Given(Opened("node-a", Noon)).When(new EndpointUpdated(Settings, [Telemetry], "hvz_live_abcd", Noon.AddMinutes(1))).Then();

    private static readonly EndpointSettings Settings =
        new("chat", "simulator/tiny", "g5.xlarge", "simulator", new Scaling(0, 1, 60, 16), 60, EndpointAccess.Private, true);

    private static NodeReady Ready(string node, DateTimeOffset at) =>
        new(node, "http://127.0.0.1:20000", "g5.xlarge", 1.006m, [Telemetry], at, null, at);

    private static MeterOpened Opened(string node, DateTimeOffset at) => new(Endpoint, node, "g5.xlarge", 1.006m, [Telemetry], at, Source);

    private static MeterClosed Closed(string node, DateTimeOffset at) => new(Endpoint, node, at, Source);

    private static History Given(params LedgerEvent[] before) => new(LedgerState.Fold.From(null, 0, before));

    private sealed record History(LedgerState? State)
    {
        public Said When(EndpointEvent fact) => new(LedgerDecider.Record(State, Endpoint, fact, Source).Events);
    }

    private sealed record Said(IReadOnlyList<LedgerEvent> Events)
    {
        // Compared as JSON: records compare the lists inside them by reference.
        public void Then(params LedgerEvent[] expected) => Assert.Equal(Json(expected), Json(Events));

        private static string Json(IEnumerable<LedgerEvent> events) => System.Text.Json.JsonSerializer.Serialize(events);
    }
}
