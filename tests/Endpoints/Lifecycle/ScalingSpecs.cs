using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using static Hypervize.Endpoints.Tests.An;
using static Hypervize.Endpoints.Tests.Scenario;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>Growing, shrinking and changing settings.</summary>
public sealed class ScalingSpecs
{
    private static readonly Update NoChange = new(null, null, null, null, null, null, null, null, Owner);

    [Fact]
    public void Load_makes_it_grow() => Given(Up("node-a")).When(To(3)).Then(new EndpointScaled(1, 3, "load", "autoscaler", Noon));

    [Fact]
    public void It_never_grows_above_its_maximum() => Given(Up("node-a")).When(To(40)).Then(new EndpointScaled(1, 3, "load", "autoscaler", Noon));

    [Fact]
    public void Scaling_never_puts_it_to_sleep() =>
        Given(Up("node-a", "node-b")).When(To(0)).Then(new EndpointScaled(2, 1, "load", "autoscaler", Noon), Leaving("node-b", "scaled from 2 to 1"));

    [Fact]
    public void The_same_number_is_nothing_new() => Given(Up("node-a")).When(To(1)).ThenNothing();

    [Fact]
    public void A_decision_on_an_older_number_is_stale()
    {
        var up = Given(Up("node-a", "node-b"));
        up.When(To(3) with { DecidedOn = up.State!.DecisiveVersion - 1 }).ThenNothing();
    }

    [Fact]
    public void A_node_fact_does_not_make_a_decision_stale()
    {
        var up = Given([.. Up("node-a", "node-b"), Lost("node-b")]);
        up.When(To(3) with { DecidedOn = up.Version - 1 }).Then(new EndpointScaled(2, 3, "load", "autoscaler", Noon));
    }

    [Fact]
    public void Only_what_is_up_is_scaled()
    {
        Given(Created()).When(To(2)).ThenNothing();
        Given(Hibernated()).When(To(2)).ThenNothing();
        Given(Created(), Disabled()).When(To(2)).ThenNothing();
    }

    [Fact]
    public void The_named_victims_leave_first_in_their_order() =>
        Given(Up("node-a", "node-b", "node-c")).When(To(1, "node-b", "node-a")).Then(
            new EndpointScaled(3, 1, "load", "autoscaler", Noon), Leaving("node-b", "scaled from 3 to 1"), Leaving("node-a", "scaled from 3 to 1"));

    [Fact]
    public void No_more_leave_than_are_too_many_however_many_are_named() =>
        Given(Up("node-a", "node-b", "node-c")).When(To(2, "node-b", "node-a", "node-z")).Then(
            new EndpointScaled(3, 2, "load", "autoscaler", Noon), Leaving("node-b", "scaled from 3 to 2"));

    [Fact]
    public void Without_names_those_still_starting_leave_first_and_the_newest_before_the_oldest() =>
        Given([.. Up("node-a", "node-b"), Scaled(2, 3), Starting("node-c")]).When(To(1)).Then(
            new EndpointScaled(3, 1, "load", "autoscaler", Noon), Leaving("node-c", "scaled from 3 to 1"), Leaving("node-b", "scaled from 3 to 1"));

    [Fact]
    public void Shrinking_drains_nobody_while_nodes_are_missing_anyway() =>
        Given([.. Up("node-a"), Scaled(1, 3)]).When(To(2)).Then(new EndpointScaled(3, 2, "load", "autoscaler", Noon));

    [Fact]
    public void A_change_of_settings_is_told_with_the_add_ons_prices_of_the_moment() =>
        Given(Up("node-a")).When(NoChange with { Telemetry = true }).Then(
            new EndpointUpdated(Settings(telemetry: true), [new("telemetry", 0.15m)], Owner, Noon));

    [Fact]
    public void No_change_says_nothing() => Given(Up("node-a")).When(NoChange with { Name = "chat", Min = 0, Max = 3 }).ThenNothing();

    [Fact]
    public void A_raised_minimum_starts_nodes() =>
        Given(Up("node-a")).When(NoChange with { Min = 2 }).Then(
            new EndpointUpdated(Settings(min: 2), [], Owner, Noon), new EndpointScaled(1, 2, "bounds changed to 2–3", Owner, Noon));

    [Fact]
    public void A_lowered_maximum_drains_nodes() =>
        Given(Up("node-a", "node-b", "node-c")).When(NoChange with { Max = 1 }).Then(
            new EndpointUpdated(Settings(max: 1), [], Owner, Noon), new EndpointScaled(3, 1, "bounds changed to 0–1", Owner, Noon),
            Leaving("node-c", "scaled from 3 to 1"), Leaving("node-b", "scaled from 3 to 1"));

    [Fact]
    public void A_minimum_wakes_what_sleeps() =>
        Given(Hibernated()).When(NoChange with { Min = 2 }).Then(
            new EndpointUpdated(Settings(min: 2), [], Owner, Noon), new EndpointWoken("minimum raised to 2", 2, Owner, Noon));

    [Fact]
    public void Bounds_count_from_when_it_is_enabled_again() =>
        Given(Created(), Disabled(), new EndpointUpdated(Settings(min: 2), [], Owner, Morning)).When(new Enable(Owner)).Then(new EndpointEnabled(2, Owner, Noon));

    [Fact]
    public void A_minimum_above_the_maximum_is_refused() =>
        Given(Up("node-a")).When(NoChange with { Min = 4 }).ThenRefused(RefusalKind.Invalid, "invalid_request");

    [Fact]
    public void What_lacks_no_node_any_more_is_not_degraded_any_more()
    {
        var degraded = Given([.. Up("node-a"), Scaled(1, 2), Starting("node-b"), Lost("node-b", failedStarts: 3)]);
        Assert.NotNull(degraded.State!.Degraded);
        Assert.Null(degraded.When(To(1)).Then(new EndpointScaled(2, 1, "load", "autoscaler", Noon)).Degraded);
    }

    private static Scale To(int wanted, params IReadOnlyList<string> victims) => new(wanted, victims, "load", "autoscaler", DecidedOn: 99);
}
