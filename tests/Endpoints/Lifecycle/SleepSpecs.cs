using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using static Hypervize.Endpoints.Tests.An;
using static Hypervize.Endpoints.Tests.Scenario;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>Falling asleep and waking up.</summary>
public sealed class SleepSpecs
{
    private static readonly Wake ByProxy = new("3 requests wait", "proxy-1", DecidedOn: 99);
    private static readonly Wake ByOwner = new("asked for", Owner, DecidedOn: null);
    private static readonly Hibernate ByAutoscaler = new("idle for 300 s", "autoscaler", DecidedOn: 99);
    private static readonly Hibernate ByOwnerToo = new("asked for", Owner, DecidedOn: null);

    [Fact]
    public void A_sleeping_endpoint_is_woken_with_its_cause()
    {
        var after = Given(Hibernated()).When(ByProxy).Then(new EndpointWoken("3 requests wait", 1, "proxy-1", Noon));
        Assert.Equal((EndpointStatus.Waking, 1), (after.Status, after.Wanted));
    }

    [Fact]
    public void It_is_woken_once() => Given([.. Hibernated(), An.Woken()]).When(ByProxy).ThenNothing();

    [Fact]
    public void It_is_woken_to_its_minimum() =>
        Given(Created(), Asleep(), new EndpointUpdated(Settings(min: 2), [], Owner, Morning)).When(ByOwner).Then(new EndpointWoken("asked for", 2, Owner, Noon));

    [Fact]
    public void A_wake_decided_before_it_fell_asleep_is_stale()
    {
        var asleep = Given(Hibernated());
        asleep.When(ByProxy with { DecidedOn = asleep.State!.DecisiveVersion - 1 }).ThenNothing();
        asleep.When(ByProxy with { DecidedOn = asleep.State.DecisiveVersion }).Then(new EndpointWoken("3 requests wait", 1, "proxy-1", Noon));
    }

    [Fact]
    public void One_that_is_awake_need_not_be_woken()
    {
        Given(Created()).When(ByOwner).ThenNothing();
        Given(Up("node-a")).When(ByOwner).ThenNothing();
    }

    [Fact]
    public void A_failed_one_says_why_it_does_not_wake() => Given(Created(), An.Failed()).When(ByProxy).ThenRefused(RefusalKind.Conflict, "endpoint_failed");

    [Fact]
    public void A_disabled_one_does_not_wake() => Given(Created(), Disabled()).When(ByProxy).ThenRefused(RefusalKind.Conflict, "endpoint_disabled");

    [Fact]
    public void Falling_asleep_drains_every_node()
    {
        var after = Given(Up("node-a", "node-b")).When(ByAutoscaler).Then(
            new EndpointHibernated("idle for 300 s", "autoscaler", Noon), Leaving("node-a"), Leaving("node-b"));
        Assert.Equal((EndpointStatus.Hibernated, 0), (after.Status, after.Wanted));
        Assert.All(after.Nodes, n => Assert.Equal(NodeStatus.Draining, n.Status));
    }

    [Fact]
    public void A_node_that_drains_already_is_not_drained_again() =>
        Given([.. Up("node-a", "node-b"), Scaled(2, 1), Leaving("node-b")]).When(ByOwnerToo).Then(
            new EndpointHibernated("asked for", Owner, Noon), Leaving("node-a"));

    [Fact]
    public void A_sleeping_one_stays_asleep() => Given(Hibernated()).When(ByOwnerToo).ThenNothing();

    [Fact]
    public void A_waking_one_can_be_sent_back_to_sleep_by_its_owner() =>
        Given([.. Hibernated(), An.Woken(), Starting("node-b")]).When(ByOwnerToo).Then(new EndpointHibernated("asked for", Owner, Noon), Leaving("node-b"));

    [Fact]
    public void The_autoscaler_does_not_disturb_a_waking_one() => Given([.. Hibernated(), An.Woken()]).When(ByAutoscaler).ThenNothing();

    [Fact]
    public void Idleness_seen_before_the_last_wake_is_stale()
    {
        var up = Given([.. Hibernated(), An.Woken(), Starting("node-b"), Serving("node-b")]);
        up.When(ByAutoscaler with { DecidedOn = up.State!.DecisiveVersion - 1 }).ThenNothing();
    }

    [Fact]
    public void With_a_minimum_it_may_not_sleep()
    {
        Given(Created(min: 1), Starting("node-a"), Serving("node-a")).When(ByOwnerToo).ThenRefused(RefusalKind.Conflict, "minimum_above_zero");
        Given(Created(min: 1), Starting("node-a"), Serving("node-a")).When(ByAutoscaler).ThenNothing();
    }

    [Fact]
    public void While_it_builds_it_may_not_sleep() => Given(Created()).When(ByOwnerToo).ThenRefused(RefusalKind.Conflict, "endpoint_building");

    [Fact]
    public void A_wake_is_timed_from_the_wake_to_the_first_ready_node_and_the_last_five_are_kept()
    {
        IReadOnlyList<EndpointEvent> history = Up("node-0");
        for (var wake = 1; wake <= 6; wake++)
            history = [.. history, Asleep(), An.Woken(Noon), Starting($"node-{wake}", Noon), Serving($"node-{wake}", Noon.AddMilliseconds(100 * wake)), Serving("node-late", Noon.AddHours(1))];
        Assert.Equal([200, 300, 400, 500, 600], Given(history).State!.RecentWakesMs);
    }

    [Fact]
    public void A_start_is_timed_from_being_asked_for_to_ready_whatever_it_is_for_and_the_last_five_are_kept()
    {
        IReadOnlyList<EndpointEvent> history = [Created(min: 1, max: 6)];
        for (var node = 1; node <= 6; node++) history = [.. history, Starting($"node-{node}", Noon), Serving($"node-{node}", Noon.AddMilliseconds(100 * node))];
        Assert.Equal([200, 300, 400, 500, 600], Given(history).State!.RecentStartsMs!);
    }
}
