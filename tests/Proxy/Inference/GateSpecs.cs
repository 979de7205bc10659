using CsCheck;
using Hypervize.Contracts;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Waking;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>The line in front of an endpoint's nodes.</summary>
public sealed class GateSpecs
{
    private static readonly DateTimeOffset Now = Some.Noon;

    [Fact]
    public void A_request_passes_to_a_ready_node() => Assert.Equal("a", Up(Some.Node("a")).TryPass()?.Id);

    [Fact]
    public void The_least_busy_node_is_chosen()
    {
        var gate = Up(Some.Node("a"), Some.Node("b"));
        var first = gate.TryPass()!.Id;
        Assert.NotEqual(first, gate.TryPass()!.Id);
    }

    [Fact]
    public void A_draining_node_gets_nothing_new() => Assert.Null(Up(Some.Node("a", NodeStatus.Draining)).TryPass());

    [Fact]
    public void A_node_gets_no_more_than_it_takes_at_once()
    {
        var gate = Up(Some.Node("a"));
        for (var i = 0; i < 4; i++) Assert.NotNull(gate.TryPass());
        Assert.Null(gate.TryPass());
    }

    [Fact]
    public void Nobody_overtakes_the_line()
    {
        var gate = Up();
        gate.Enter(Waiter(gate));
        gate.Follow(new(2, State(EndpointStatus.Up, Some.Node("a"))));
        Assert.Null(gate.TryPass());
    }

    [Fact]
    public void When_a_node_becomes_ready_the_first_in_line_goes_first()
    {
        var gate = Up();
        var waiters = Enumerable.Range(0, 6).Select(_ => Waiter(gate)).ToList();
        waiters.ForEach(w => gate.Enter(w));
        gate.Follow(new(2, State(EndpointStatus.Up, Some.Node("a"))));
        gate.Release(Now);
        Assert.Equal([true, true, true, true, false, false], waiters.Select(w => Granted(w) is not null));
    }

    [Fact]
    public void A_node_that_failed_gets_nothing_until_it_is_trusted_again()
    {
        var gate = Up(Some.Node("a"));
        Assert.True(gate.Suspect("a"));
        Assert.False(gate.Suspect("a"));
        Assert.Null(gate.TryPass());
        gate.Trust("a");
        Assert.NotNull(gate.TryPass());
    }

    [Fact]
    public void A_node_that_left_is_not_suspected_any_more()
    {
        var gate = Up(Some.Node("a"));
        gate.Suspect("a");
        gate.Follow(new(2, State(EndpointStatus.Up, Some.Node("b"))));
        Assert.False(gate.IsSuspect("a"));
        Assert.False(gate.Suspect("a"));
    }

    [Fact]
    public void What_is_at_a_node_is_known_until_it_ends_even_if_the_node_leaves_and_comes_back()
    {
        var gate = Up(Some.Node("a"));
        gate.TryPass();
        gate.Follow(new(2, State(EndpointStatus.Up)));
        Assert.Equal(1, gate.InFlight("a"));
        gate.Follow(new(3, State(EndpointStatus.Up, Some.Node("a"))));
        gate.Finished("a");
        Assert.Equal(0, gate.InFlight("a"));
    }

    [Fact]
    public void A_gate_is_over_once_its_endpoint_is_deleted_and_nothing_is_at_its_nodes()
    {
        var gate = Up(Some.Node("a"));
        gate.TryPass();
        gate.Follow(new(2, State(EndpointStatus.Deleted)));
        Assert.False(gate.IsOver);
        gate.Finished("a");
        Assert.True(gate.IsOver);
    }

    [Fact]
    public void Who_had_a_turn_that_came_to_nothing_goes_before_the_line()
    {
        var gate = Up();
        gate.Enter(Waiter(gate));
        gate.Follow(new(2, State(EndpointStatus.Up, Some.Node("a"))));
        Assert.NotNull(gate.TryPass(first: true));
    }

    [Fact]
    public async Task When_the_start_fails_everyone_in_line_is_told_why()
    {
        var gate = Up();
        var waiter = Waiter(gate);
        gate.Enter(waiter);
        gate.Follow(new(2, State(EndpointStatus.Failed) with { Failure = new(FailureCode.StartExited, "It ended.", null) }));
        gate.Release(Now);
        Assert.Equal("endpoint_failed", (await waiter.Decided).Error?.Code);
    }

    [Fact]
    public async Task A_hold_that_runs_out_ends_with_an_honest_answer()
    {
        var time = new FakeTimeProvider(Now);
        var gate = At(State(EndpointStatus.Waking));
        var waiter = Waiter(gate, since: time.GetTimestamp());
        gate.Enter(waiter);
        time.Advance(TimeSpan.FromSeconds(61));
        gate.Sweep(time);
        Assert.Equal("endpoint_waking", (await waiter.Decided).Error?.Code);
    }

    [Fact]
    public void A_clock_that_is_set_ends_no_hold()
    {
        var gate = At(State(EndpointStatus.Waking));
        var waiter = Waiter(gate);
        gate.Enter(waiter);
        gate.Sweep(new SetClock());
        Assert.False(waiter.Decided.IsCompleted);
    }

    [Fact]
    public void Those_who_were_turned_away_go_before_the_line_in_the_order_they_came()
    {
        var gate = Up();
        var (first, second, third) = (Waiter(gate, arrivedAt: 1), Waiter(gate, arrivedAt: 2), Waiter(gate, arrivedAt: 3));
        gate.Enter(third);
        gate.Enter(first, first: true);
        gate.Enter(second, first: true);
        gate.Follow(new(2, Taking(1, Some.Node("a"))));
        gate.Release(Now);
        Assert.Equal((true, false, false), (Granted(first) is not null, Granted(second) is not null, Granted(third) is not null));
    }

    [Fact]
    public void Someone_who_leaves_the_line_is_not_waited_for()
    {
        var gate = Up();
        var (gone, next) = (Waiter(gate), Waiter(gate));
        gate.Enter(gone);
        gate.Enter(next);
        gate.Leave(gone);
        gate.Follow(new(2, State(EndpointStatus.Up, Some.Node("a"))));
        gate.Release(Now);
        Assert.Equal((null, "a"), (Granted(gone)?.Id, Granted(next)?.Id));
    }

    [Fact]
    public void A_retry_is_estimated_from_earlier_wakes()
    {
        var waking = State(EndpointStatus.Waking) with { RecentWakesMs = [10_000, 20_000, 60_000], StatusSince = Now };
        Assert.Equal(15, Callability.RetryAfter(waking, Now.AddSeconds(5)));
    }

    /// <summary>Whatever comes and goes: no node is over its bound, the line is in order, and in the end nobody is left.</summary>
    [Fact]
    public void Nobody_is_lost_and_nobody_overtakes() =>
        Gen.Int[0, 5].List[1, 80].Sample(steps =>
        {
            var gate = Up(Some.Node("a"), Some.Node("b"));
            var (passed, line, left) = (new List<string>(), new List<Waiter>(), 0);
            foreach (var step in steps)
            {
                switch (step)
                {
                    case 0 or 1 or 2:
                        if (gate.TryPass() is { } node) passed.Add(node.Id);
                        else
                        {
                            line.Add(Waiter(gate));
                            gate.Enter(line[^1]);
                        }
                        break;
                    case 3 or 4 when passed.Count > 0:
                        gate.Finished(passed[0]);
                        passed.RemoveAt(0);
                        gate.Release(Now);
                        break;
                    case 5 when line.LastOrDefault(w => Granted(w) is null) is { } impatient:
                        gate.Leave(impatient);
                        line.Remove(impatient);
                        left++;
                        break;
                }
                passed.AddRange(line.Where(w => Granted(w) is not null).Select(w => Granted(w)!.Id));
                var granted = line.TakeWhile(w => Granted(w) is not null).Count();
                Assert.DoesNotContain(line.Skip(granted), w => Granted(w) is not null);
                line.RemoveRange(0, granted);
                Assert.All(["a", "b"], id => Assert.InRange(gate.InFlight(id), 0, 4));
                Assert.Equal(passed.Count, gate.InFlight("a") + gate.InFlight("b"));
                Assert.Equal(line.Count, gate.Waiting);
            }
        });

    // An hour later by the clock, and no time has passed.
    private sealed class SetClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now.AddHours(1);

        public override long GetTimestamp() => 0;
    }

    private static Waiter Waiter(Gate gate, long arrivedAt = 0, long since = 0) => new(gate, bytes: 1, arrivedAt, since, hold: TimeSpan.FromSeconds(60), isWoken: false);

    private static EndpointNode? Granted(Waiter waiter) => waiter.Decided.IsCompletedSuccessfully ? waiter.Decided.GetAwaiter().GetResult().Node : null;

    private static Gate Up(params EndpointNode[] nodes) => At(State(EndpointStatus.Up, nodes));

    private static Gate At(EndpointState state) => new(new(1, state), new TrafficMeter().Of(state.Id));

    private static EndpointState Taking(int concurrency, params EndpointNode[] nodes)
    {
        var state = State(EndpointStatus.Up, nodes);
        return state with { Settings = state.Settings with { Scaling = state.Settings.Scaling with { Concurrency = concurrency } } };
    }

    private static EndpointState State(EndpointStatus status, params EndpointNode[] nodes) => Some.Endpoint("endpt-000000000001", status, nodes);
}
