using Hypervize.Contracts;
using Hypervize.Provisioner.Capacity;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>What is done about the difference between what is recorded and what is seen.</summary>
public sealed class NextActionSpecs
{
    private static readonly CapacityEvent[] Released = [.. Serving(), Asked(0, 2, Release("node-a"))];
    private static readonly NodeObservation Idle = Seen() with { Requests = 0, RequestsAt = At(20) };

    [Fact]
    public void What_is_missing_is_intended() => Assert.Equal([new RequestNode(), new RequestNode()], Actions(Given(Asked(2))));

    [Fact]
    public void Before_the_pause_after_a_failure_is_over_nothing_is_intended()
    {
        var plan = Plan(Given(Asked(1), Requested("node-1"), Failed("node-1", 1, 5)), At(5.5));
        Assert.Empty(plan.Actions);
        Assert.Equal(At(6), plan.LookAgainAt);
    }

    [Fact]
    public void What_was_intended_and_runs_nowhere_is_started() => Assert.Equal("node-a", Assert.IsType<SpawnNode>(Assert.Single(Actions(Given(Asked(1), Requested("node-a"))))).Node.Id);

    [Fact]
    public void What_was_started_and_not_recorded_is_recorded() => Assert.IsType<RecordStart>(Only(Given(Asked(1), Requested("node-a")), Seen(ready: false)));

    [Fact]
    public void Of_more_nodes_than_are_wanted_none_is_started_until_the_endpoint_has_chosen() =>
        Assert.Empty(Actions(Given(Asked(1), Requested("node-a"), Asked(0, 2))));

    [Fact]
    public void A_node_that_answers_is_ready() => Assert.IsType<RecordReady>(Only(Given(Asked(1), Requested("node-a"), Started("node-a")), Seen()));

    [Fact]
    public void A_node_may_load_for_as_long_as_its_budget()
    {
        var state = Given(Asked(1), Requested("node-a"), Started("node-a"));
        var plan = Plan(state, At(119), Seen(ready: false));
        Assert.Empty(plan.Actions);
        Assert.Equal(At(120), plan.LookAgainAt);
        Assert.Equal(FailureCode.StartTimedOut, Assert.IsType<RecordFailure>(Assert.Single(Plan(state, At(120), Seen(ready: false)).Actions)).Code);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_process_that_ended_before_it_was_ready_failed_its_start(bool recorded)
    {
        var state = recorded ? Given(Asked(1), Requested("node-a"), Started("node-a")) : Given(Asked(1), Requested("node-a"));
        var failure = Assert.IsType<RecordFailure>(Only(state, Seen(ready: false) with { GoneAt = At(3), ExitCode = 7 }));
        Assert.Equal(FailureCode.StartExited, failure.Code);
        Assert.Contains("exit code 7", failure.Message);
    }

    [Fact]
    public void A_serving_node_without_a_process_was_lost() =>
        Assert.Equal((FailureCode.NodeCrashed, At(10)), Failure(Only(Given(Serving()), Seen() with { GoneAt = At(11) })));

    [Fact]
    public void A_node_that_was_stopped_with_the_platform_did_not_crash() =>
        Assert.Equal((FailureCode.PlatformStopped, At(10)), Failure(Only(Given(Serving()), Seen() with { GoneAt = At(11), WithPlatform = true })));

    [Fact]
    public void A_serving_node_that_nobody_sees_was_lost() =>
        Assert.Contains(Actions(Given(Serving())), a => a is RecordFailure { Code: FailureCode.NodeCrashed });

    [Fact]
    public void A_node_that_is_silent_for_ten_seconds_was_lost()
    {
        var silent = Seen() with { Unanswered = 5, UnansweredSince = At(11) };
        Assert.Empty(Plan(Given(Serving()), At(20.9), silent).Actions);
        Assert.Equal((FailureCode.NodeUnresponsive, At(10)), Failure(Assert.Single(Plan(Given(Serving()), At(21), silent).Actions)));
    }

    [Fact]
    public void One_slow_answer_is_not_silence() =>
        Assert.Empty(Plan(Given(Serving()), At(60), Seen() with { Unanswered = 1, UnansweredSince = At(11) }).Actions);

    [Fact]
    public void A_node_that_is_let_go_of_before_it_was_ready_is_stopped_at_once() =>
        Assert.IsType<BeginEnd>(Only(Given(Asked(1), Requested("node-a"), Started("node-a"), Asked(0, 2, Release("node-a"))), Seen(ready: false)));

    [Fact]
    public void A_node_that_is_let_go_of_stops_when_every_proxy_let_go_and_it_has_no_requests() =>
        Assert.Equal([new BeginEnd("node-a", "drained")], Draining(Hearing(Routes(2, ("node-a", 0))), Idle));

    [Fact]
    public void A_proxy_with_a_request_at_the_node_keeps_it() => Assert.Empty(Draining(Hearing(Routes(2, ("node-a", 1))), Idle));

    [Fact]
    public void A_proxy_that_routes_by_an_older_version_keeps_it() => Assert.Empty(Draining(Hearing(Routes(1, ("node-a", 0))), Idle));

    [Fact]
    public void A_proxy_that_does_not_speak_of_the_endpoint_keeps_it() => Assert.Empty(Draining(Hearing(), Idle));

    [Fact]
    public void A_request_that_no_proxy_knows_of_keeps_it() => Assert.Empty(Draining(Hearing(Routes(2, ("node-a", 0))), Idle with { Requests = 1 }));

    [Fact]
    public void A_count_that_is_old_or_missing_keeps_it()
    {
        Assert.Empty(Draining(Hearing(Routes(2, ("node-a", 0))), Idle with { RequestsAt = At(16) }));
        Assert.Empty(Draining(Hearing(Routes(2, ("node-a", 0))), Idle with { Requests = null }));
    }

    [Fact]
    public void Without_any_proxy_the_nodes_own_count_decides_after_listening_for_a_while()
    {
        Assert.Single(Draining(ProxyView.Deaf.Listening(At(17)), Idle));
        Assert.Empty(Draining(ProxyView.Deaf.Listening(At(17.1)), Idle));
        Assert.Empty(Draining(ProxyView.Deaf, Idle));
    }

    [Fact]
    public void A_runtime_that_does_not_count_leaves_it_to_the_proxies()
    {
        Assert.Single(Draining(Hearing(Routes(2, ("node-a", 0))), Seen() with { CountsRequests = false }));
        Assert.Empty(Draining(ProxyView.Deaf.Listening(Noon), Seen() with { CountsRequests = false }));
    }

    [Fact]
    public void At_the_deadline_it_stops_whatever_it_does() =>
        Assert.StartsWith("past the drain's deadline", Assert.IsType<BeginEnd>(Assert.Single(Plan(Given(Released), At(302), Seen() with { Requests = 3, RequestsAt = At(302) }).Actions)).Reason);

    [Fact]
    public void A_node_that_dies_while_it_drains_was_lost() => Assert.IsType<RecordFailure>(Only(Given(Released), Seen() with { GoneAt = At(11) }));

    [Fact]
    public void A_stopping_node_is_asked_to_end_then_ended_then_recorded_as_gone()
    {
        var state = Given([.. Released, Ending("node-a")]);
        Assert.Equal(new Terminate("node-a"), Only(state, Seen()));
        var asked = Plan(state, At(20), Seen() with { TerminatedAt = At(20) });
        Assert.Empty(asked.Actions);
        Assert.Equal(At(35), asked.LookAgainAt);
        Assert.Equal([new Kill("node-a")], Plan(state, At(35), Seen() with { TerminatedAt = At(20) }).Actions);
        Assert.Equal(new RecordEnd("node-a", At(21)), Only(state, Seen() with { GoneAt = At(21) }));
    }

    [Fact]
    public void A_node_that_was_never_started_ends_without_ado() =>
        Assert.Equal([new RecordEnd("node-a", null)], Actions(Given(Asked(0), Requested("node-a"), Ending("node-a"))));

    [Fact]
    public void What_no_stream_claims_is_ended_unless_it_is_young()
    {
        Assert.Equal([new Kill("node-x")], Plan(null, At(30), Seen("node-x")).Actions);
        var young = Plan(null, At(29), Seen("node-x"));
        Assert.Empty(young.Actions);
        Assert.Equal(At(30), young.LookAgainAt);
    }

    [Fact]
    public void What_a_stream_claims_is_left_alone() => Assert.Empty(Plan(Given(Serving()), At(1000), Seen()).Actions);

    private static IReadOnlyList<CapacityAction> Draining(ProxyView proxies, NodeObservation seen) =>
        NextAction.For(Endpoint, Given(Released), new Dictionary<string, NodeObservation> { ["node-a"] = seen }, proxies, Some.Patience, At(20)).Actions;

    private static ProxyView Hearing(params EndpointTraffic[] traffic) => ProxyView.Deaf.Listening(Noon).Hear(Report("proxy-1", 1, traffic), At(19));

    private static (FailureCode, DateTimeOffset?) Failure(CapacityAction action) => action is RecordFailure failed ? (failed.Code, failed.LastHealthyAt) : throw new InvalidOperationException($"{action}");

    private static CapacityAction Only(CapacityState? state, NodeObservation seen) => Assert.Single(Plan(state, At(20), seen).Actions, a => a is not RequestNode);

    private static IReadOnlyList<CapacityAction> Actions(CapacityState? state) => Plan(state, At(20)).Actions;

    private static Plan Plan(CapacityState? state, DateTimeOffset now, params NodeObservation[] seen) =>
        NextAction.For(Endpoint, state, seen.ToDictionary(s => s.NodeId), ProxyView.Deaf, Some.Patience, now);
}
