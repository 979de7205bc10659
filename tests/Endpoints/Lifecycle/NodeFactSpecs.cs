using Hypervize.Contracts;
using static Hypervize.Endpoints.Tests.An;
using static Hypervize.Endpoints.Tests.Scenario;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>What the provisioner reports is never refused.</summary>
public sealed class NodeFactSpecs
{
    [Fact]
    public void A_node_that_is_being_started_is_listed()
    {
        var after = Given(Created()).When(Requested("node-a")).Then(new EndpointProvisioning("node-a", Hardware, 1, Noon));
        Assert.Equal((EndpointStatus.Building, NodeStatus.Starting), (after.Status, Assert.Single(after.Nodes).Status));
    }

    [Fact]
    public void The_first_ready_node_brings_it_up_at_the_price_of_that_moment()
    {
        var after = Given(Created(telemetry: true), Starting("node-a")).When(BecameReady("node-a")).Then(Serving("node-a", Noon, [new("telemetry", 0.15m)]));
        Assert.Equal((EndpointStatus.Up, Noon, 3L), (after.Status, after.StatusSince, after.DecisiveVersion));
        Assert.Equal(new EndpointNode("node-a", NodeStatus.Ready, "http://node-a", Noon, 3), Assert.Single(after.Nodes));
    }

    [Fact]
    public void A_node_that_was_let_go_of_while_it_started_is_metered_when_it_is_ready_and_stays_let_go_of()
    {
        var after = Given([.. Hibernated(), An.Woken(), Starting("node-b"), Asleep(), Leaving("node-b")]).When(BecameReady("node-b")).Then(Serving("node-b", Noon));
        Assert.Equal((EndpointStatus.Hibernated, NodeStatus.Draining, "http://node-b"), (after.Status, Assert.Single(after.Nodes).Status, after.Nodes[0].Address));
    }

    [Fact]
    public void A_node_that_nobody_wants_any_more_is_let_go_of_at_once()
    {
        foreach (var past in (IReadOnlyList<EndpointEvent>[])[Hibernated(), Up("node-a"), [Created(), Disabled()], [Created(), An.Failed()], [Created(), Deleted()]])
        {
            var after = Given(past).When(Requested("node-z")).Then(new EndpointProvisioning("node-z", Hardware, 1, Noon), Leaving("node-z", "not wanted any more"));
            Assert.Equal(NodeStatus.Draining, after.Nodes.Single(n => n.Id == "node-z").Status);
        }
    }

    [Fact]
    public void A_node_that_ended_is_gone_whatever_the_status()
    {
        foreach (var past in (IReadOnlyList<EndpointEvent>[])[[.. Up("node-a"), Asleep(), Leaving("node-a")], [.. Up("node-a"), Deleted(), Leaving("node-a")], Up("node-a")])
            Assert.Empty(Given(past).When(Ended("node-a")).Then(new NodeStopped("node-a", Noon)).Nodes);
    }

    [Fact]
    public void A_lost_node_is_recorded_with_its_last_healthy_moment_and_the_endpoint_stays_up()
    {
        var after = Given(Up("node-a")).When(Fell("node-a", lastHealthy: Morning)).Then(new NodeLost("node-a", Failure(), 0, Morning, Noon));
        Assert.Equal((EndpointStatus.Up, 1), (after.Status, after.Wanted));
        Assert.Empty(after.Nodes);
    }

    [Fact]
    public void Two_failed_starts_are_not_yet_a_failure()
    {
        var after = Given(Created(), Starting("node-a")).When(Fell("node-a", failedStarts: 2)).Then(Lost("node-a", failedStarts: 2));
        Assert.Equal(EndpointStatus.Building, after.Status);
    }

    [Fact]
    public void Three_failed_starts_with_no_node_serving_are_a_failure_and_let_go_of_the_rest()
    {
        var after = Given(Created(min: 2), Starting("node-a"), Starting("node-b")).When(Fell("node-a", failedStarts: 3)).Then(
            Lost("node-a", failedStarts: 3), new EndpointFailed(Failure(), Noon), Leaving("node-b", "failed"));
        Assert.Equal((EndpointStatus.Failed, 0, Failure()), (after.Status, after.Wanted, after.Failure));
    }

    [Fact]
    public void A_wake_that_cannot_start_is_a_failure() =>
        Given([.. Hibernated(), An.Woken(), Starting("node-b")]).When(Fell("node-b", failedStarts: 3)).Then(
            Lost("node-b", failedStarts: 3), new EndpointFailed(Failure(), Noon));

    [Fact]
    public void With_a_node_serving_failed_starts_only_degrade_it_until_none_is_missing()
    {
        var degraded = Given([.. Up("node-a"), Scaled(1, 2), Starting("node-b")]).When(Fell("node-b", failedStarts: 3)).Then(Lost("node-b", failedStarts: 3));
        Assert.Equal((EndpointStatus.Up, 2, Failure()), (degraded.Status, degraded.Wanted, degraded.Degraded));

        var mended = Given([.. Up("node-a"), Scaled(1, 2), Starting("node-b"), Lost("node-b", failedStarts: 3), Starting("node-c")]).When(BecameReady("node-c")).Then(Serving("node-c", Noon));
        Assert.Null(mended.Degraded);
    }

    [Fact]
    public void A_draining_node_serves_nobody_new_so_it_does_not_save_the_endpoint() =>
        Given([.. Up("node-a", "node-b"), Scaled(2, 1), Leaving("node-b"), Lost("node-a"), Starting("node-c")]).When(Fell("node-c", failedStarts: 3)).Then(
            Lost("node-c", failedStarts: 3), new EndpointFailed(Failure(), Noon));

    [Fact]
    public void Failed_starts_of_what_is_not_wanted_fail_nothing()
    {
        var after = Given([.. Hibernated(), An.Woken(), Starting("node-b"), Asleep(), Leaving("node-b")]).When(Fell("node-b", failedStarts: 3)).Then(Lost("node-b", failedStarts: 3));
        Assert.Equal(EndpointStatus.Hibernated, after.Status);
    }

    [Fact]
    public void A_fact_told_twice_is_told_once()
    {
        Given(Created(), Starting("node-a")).When(Requested("node-a")).ThenNothing();
        Given(Up("node-a")).When(BecameReady("node-a")).ThenNothing();
        Given([.. Up("node-a"), Lost("node-a")]).When(Fell("node-a")).ThenNothing();
        Given(Hibernated()).When(Ended("node-a")).ThenNothing();
    }

    [Fact]
    public void A_fact_about_an_endpoint_that_never_was_is_taken_and_says_nothing() => Given().When(Requested("node-a")).ThenNothing();

    [Fact]
    public void What_concerns_only_the_provisioner_says_nothing()
    {
        Given(Created(), Starting("node-a")).When(new NodeStarted("node-a", "http://node-a", Noon)).ThenNothing();
        Given(Up("node-a")).When(new NodeEnding("node-a", "drained", Noon)).ThenNothing();
    }

    [Fact]
    public void Facts_about_unknown_nodes_fold_without_harm()
    {
        var after = Given([.. Up("node-a"), Leaving("node-x"), new NodeStopped("node-y", Noon), Lost("node-z")]).State!;
        Assert.Equal((EndpointStatus.Up, "node-a"), (after.Status, Assert.Single(after.Nodes).Id));
    }
}
