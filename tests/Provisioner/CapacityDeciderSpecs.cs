using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Provisioner.Capacity;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>What is recorded of an endpoint's capacity.</summary>
public sealed class CapacityDeciderSpecs
{
    [Fact]
    public void A_first_ask_begins_the_stream() =>
        Assert.Equal([new CapacityAsked(1, Account, 2, Spec, [], Noon)], Said(CapacityDecider.Ask(null, Ask(2, 1), Noon)), Same);

    [Fact]
    public void An_endpoint_that_wants_nothing_has_no_stream() => Assert.Empty(Said(CapacityDecider.Ask(null, Ask(0, 1), Noon)));

    [Fact]
    public void A_newer_version_that_changes_nothing_here_is_not_recorded() => Assert.Empty(Said(CapacityDecider.Ask(Given(Asked(2)), Ask(2, 5), Noon)));

    [Fact]
    public void An_older_version_never_undoes_a_newer_one() => Assert.Empty(Said(CapacityDecider.Ask(Given(Asked(2, version: 5)), Ask(0, 4), Noon)));

    [Fact]
    public void A_switch_of_telemetry_is_recorded_and_no_node_is_touched()
    {
        var state = Given([.. Serving(), .. Said(CapacityDecider.Ask(Given(Serving()), Ask(1, 2) with { Telemetry = true }, Noon))])!;
        Assert.True(state.Telemetry);
        Assert.Equal(Given(Serving())!.Nodes, state.Nodes);
        Assert.Empty(Said(CapacityDecider.Ask(state, Ask(1, 3) with { Telemetry = true }, Noon)));
        Assert.False(Given([.. Serving(), .. Said(CapacityDecider.Ask(state, Ask(1, 3), Noon))])!.Telemetry);
    }

    [Fact]
    public void A_deletion_is_recorded_once_though_nothing_ran()
    {
        var deletion = Provisioner.Capacity.Ask.Of(3, Parts.EndpointStandIn.State(Endpoint) with { Status = EndpointStatus.Deleted }) with { Spec = Spec };
        var state = Given([Asked(0), .. Said(CapacityDecider.Ask(Given(Asked(0)), deletion, Noon))])!;
        Assert.Equal((true, 0), (state.Deleted, state.Wanted));
        Assert.Empty(Said(CapacityDecider.Ask(state, deletion, Noon)));
        Assert.True(Provisioner.Capacity.Ask.Gone(state, Noon).Deleted);
    }

    [Fact]
    public void What_was_not_recorded_of_a_version_is_taken_from_it_later() =>
        Assert.True(Assert.IsType<CapacityAsked>(Assert.Single(Said(CapacityDecider.Ask(Given(Asked(2)), Ask(2, 1) with { Telemetry = true }, Noon)))).Telemetry);

    [Fact]
    public void A_version_that_was_recorded_says_nothing_the_second_time() => Assert.Empty(Said(CapacityDecider.Ask(Given(Asked(2)), Ask(2, 1), Noon)));

    [Fact]
    public void An_ask_from_before_telemetry_was_said_loads_without_it() => Assert.False(Given(JsonSerializer.Deserialize<CapacityEvent>(
        """{"type":"capacity_asked","endpointVersion":1,"accountId":"acct-0123456789ab","wanted":1,"spec":{"model":"m","hardware":"g6.xlarge","runtime":"simulator","concurrency":4},"releases":[],"at":"2026-11-01T12:00:00+00:00"}""",
        Json.Options)!)!.Telemetry);

    [Fact]
    public void A_release_is_recorded_once()
    {
        var asked = Assert.IsType<CapacityAsked>(Assert.Single(Said(CapacityDecider.Ask(Given(Serving()), Ask(1, 2, Release("node-a")), Noon))));
        Assert.Equal([Release("node-a")], asked.Releases);
        Assert.Empty(Said(CapacityDecider.Ask(Given([.. Serving(), asked]), Ask(1, 3, Release("node-a")), Noon)));
    }

    [Fact]
    public void A_release_of_a_node_that_is_gone_says_nothing() => Assert.Empty(Said(CapacityDecider.Ask(Given(Asked(0)), Ask(0, 2, Release("node-x")), Noon)));

    [Fact]
    public void A_deleted_endpoint_wants_nothing() => Assert.Equal(0, Provisioner.Capacity.Ask.Of(3, Parts.EndpointStandIn.State(Endpoint) with { Status = EndpointStatus.Deleted, Wanted = 2 }).Wanted);

    [Fact]
    public void An_endpoint_nobody_knows_lets_go_of_every_node()
    {
        var state = Given(Serving())!;
        var asked = Assert.IsType<CapacityAsked>(Assert.Single(Said(CapacityDecider.Ask(state, Provisioner.Capacity.Ask.Gone(state, Noon), Noon))));
        Assert.Equal((0, "node-a"), (asked.Wanted, Assert.Single(asked.Releases).NodeId));
    }

    [Fact]
    public void The_intent_is_recorded_while_a_node_is_missing() =>
        Assert.Equal([Requested("node-b")], Said(CapacityDecider.Request(Given([.. Serving(wanted: 2)]), "node-b", Noon)));

    [Fact]
    public void No_more_is_intended_than_is_wanted() => Assert.Empty(Said(CapacityDecider.Request(Given(Asked(1), Requested("node-a")), "node-b", Noon)));

    [Fact]
    public void A_node_that_was_let_go_of_is_made_good_for() =>
        Assert.Single(Said(CapacityDecider.Request(Given([.. Serving(), Asked(1, 2, Release("node-a"))]), "node-b", Noon)));

    [Fact]
    public void The_same_intent_is_recorded_once() => Assert.Empty(Said(CapacityDecider.Request(Given(Asked(2), Requested("node-a")), "node-a", Noon)));

    [Theory]
    [InlineData(1, 1), InlineData(2, 2), InlineData(3, 5), InlineData(4, 10), InlineData(5, 30), InlineData(9, 30)]
    public void Failed_starts_in_a_row_are_followed_by_ever_longer_pauses(int failures, double seconds)
    {
        var state = Given([Asked(1), .. Enumerable.Range(1, failures).SelectMany(i => new CapacityEvent[] { Requested($"node-{i}", i), Failed($"node-{i}", i, 10) })]);
        Assert.Empty(Said(CapacityDecider.Request(state, "node-x", At(10 + seconds - 0.001))));
        Assert.Equal(failures + 1, Assert.IsType<NodeRequested>(Assert.Single(Said(CapacityDecider.Request(state, "node-x", At(10 + seconds))))).Attempt);
    }

    [Fact]
    public void A_ready_node_ends_the_row_of_failed_starts() =>
        Assert.Equal(0, Given(Asked(2), Requested("node-1"), Failed("node-1", 1, 5), Requested("node-2", 2), Started("node-2"), Ready("node-2"))!.FailedStarts);

    [Fact]
    public void Asking_anew_after_nothing_was_wanted_ends_the_row_of_failed_starts() =>
        Assert.Equal(0, Given(Asked(1), Requested("node-1"), Failed("node-1", 1, 5), Asked(0, 2), Asked(1, 3))!.FailedStarts);

    [Fact]
    public void A_lost_serving_node_is_replaced_at_once() =>
        Assert.Single(Said(CapacityDecider.Request(Given([.. Serving(), Lost("node-a", 5)]), "node-b", At(5))));

    [Fact]
    public void Nodes_that_are_lost_soon_after_they_became_ready_are_replaced_ever_later()
    {
        var state = Given([.. Serving(), Lost("node-a", 5), Requested("node-b"), Started("node-b"), Ready("node-b", 6), Lost("node-b", 8)]);
        Assert.Empty(Said(CapacityDecider.Request(state, "node-c", At(8.9))));
        Assert.Single(Said(CapacityDecider.Request(state, "node-c", At(9))));
    }

    [Fact]
    public void A_failed_start_is_counted_and_was_never_healthy() =>
        Assert.Equal([new NodeFailed("node-b", Crash, 2, null, At(20))],
            Said(CapacityDecider.Failed(Given(Asked(1), Requested("node-a"), Failed("node-a", 1, 5), Requested("node-b", 2)), "node-b", Crash, null, At(20))));

    [Fact]
    public void A_lost_node_was_healthy_until_its_last_healthy_probe() =>
        Assert.Equal([new NodeFailed("node-a", Crash, 0, At(15), At(20))], Said(CapacityDecider.Failed(Given(Serving()), "node-a", Crash, At(15), At(20))));

    [Fact]
    public void A_lost_node_of_which_nothing_is_known_was_healthy_when_it_became_ready() =>
        Assert.Equal([new NodeFailed("node-a", Crash, 0, At(1), At(20))], Said(CapacityDecider.Failed(Given(Serving()), "node-a", Crash, null, At(20))));

    [Fact]
    public void A_node_that_is_being_stopped_does_not_fail() =>
        Assert.Empty(Said(CapacityDecider.Failed(Given([.. Serving(), Ending("node-a")]), "node-a", Crash, null, At(20))));

    [Fact]
    public void A_stopped_node_ends_once()
    {
        CapacityEvent[] ending = [.. Serving(), Ending("node-a")];
        Assert.Equal([new NodeEnded("node-a", At(5))], Said(CapacityDecider.Ended(Given(ending), "node-a", At(5))));
        Assert.Empty(Said(CapacityDecider.Ended(Given([.. ending, new NodeEnded("node-a", At(5))]), "node-a", At(6))));
    }

    [Fact]
    public void A_node_never_ends_before_it_was_being_stopped() =>
        Assert.Equal([new NodeEnded("node-a", At(2))], Said(CapacityDecider.Ended(Given([.. Serving(), Ending("node-a", at: 2)]), "node-a", At(1.5))));

    private static NodeFailed Lost(string node, double at) => new(node, Crash, 0, At(at), At(at));

    private static IReadOnlyList<CapacityEvent> Said(Decision<CapacityEvent> decision)
    {
        Assert.Null(decision.Refusal);
        return decision.Events;
    }

    // Lists within records compare by reference.
    private static bool Same(CapacityEvent one, CapacityEvent other) => one is CapacityAsked a && other is CapacityAsked b
        ? (a with { Releases = [] }) == (b with { Releases = a.Releases.Count == 0 ? [] : b.Releases }) && a.Releases.SequenceEqual(b.Releases)
        : one == other;
}
