using CsCheck;
using Hypervize.Autoscaling.Policy;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests.Simulation;

/// <summary>What would have become of an endpoint.</summary>
public sealed class SimulatorSpecs
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void One_request_wakes_it_and_waits_until_the_node_has_started_and_it_sleeps_when_the_idle_time_is_over()
    {
        var outcome = Simulator.Run(Requests((100, 5)).Lasting(1000), Endpoint(idle: 300, start: 60));
        Assert.Equal([(100, 0, 1), (465, 1, 0)], outcome.Changes.Select(c => (c.Second, c.From, c.To)));
        Assert.Equal((1, 60, 0.0), (outcome.Wakes, outcome.Wait(1), outcome.Refused));
        Assert.Equal(305.7 / 3600, outcome.NodeHours, 6);
    }

    [Fact]
    public void What_nobody_calls_costs_nothing() => Assert.Equal(0, Simulator.Run(Traffic.OfIntervals(Noon, 60, new Cohort[1000]), Endpoint()).NodeHours);

    [Fact]
    public void Its_fewest_nodes_are_always_there() =>
        Assert.Equal(2 * 1000 / 60.0, Simulator.Run(Traffic.OfIntervals(Noon, 60, new Cohort[1000]), Endpoint(min: 2)).NodeHours, 6);

    [Fact]
    public void A_request_that_waited_for_as_long_as_it_is_held_is_refused()
    {
        var outcome = Simulator.Run(Requests((0, 5)).Lasting(200), Endpoint(start: 120, hold: 60));
        Assert.Equal((1.0, 60), (outcome.Refused, outcome.Wait(1)));
    }

    [Fact]
    public void A_node_takes_as_many_at_once_as_it_may_and_the_rest_waits_for_them_in_order()
    {
        var outcome = Simulator.Run(Requests([.. Enumerable.Repeat((0.5, 10.0), 6)]).Lasting(60), Endpoint(min: 1, max: 1, concurrency: 2));
        Assert.Equal([2.0, 2, 2], new[] { 0, 10, 20 }.Select(second => outcome.Waits[second]));
    }

    [Fact]
    public void Requests_of_less_than_a_second_take_less_than_a_place()
    {
        var outcome = Simulator.Run(Traffic.OfIntervals(Noon, 1, [.. Enumerable.Repeat(new Cohort(40, 0.1), 60)]), Endpoint(min: 1, max: 1, concurrency: 4));
        Assert.Equal(60 * 40.0, outcome.Waits[0], 6);
        Assert.All(outcome.Chart, slice => Assert.Equal(4, slice.Demand, 6));
    }

    [Fact]
    public void Many_requests_at_once_get_more_nodes_which_go_again_when_they_are_done()
    {
        var busy = Enumerable.Repeat(new Cohort(60 * 4, 10), 10).Concat(Enumerable.Repeat(new Cohort(6, 10), 20)).ToArray();
        var outcome = Simulator.Run(Traffic.OfIntervals(Noon, 60, busy), Endpoint(min: 1, max: 4, concurrency: 16));
        // Forty at once, of 12.8 that a node should have.
        Assert.Equal(4, outcome.Chart.Max(s => s.Nodes));
        Assert.Equal(1, outcome.Chart[^1].Nodes);
    }

    [Fact]
    public void A_calm_step_at_once_loses_no_request_and_no_wake() =>
        Gen.Select(Gen.Frequency((3, Gen.Const(0)), (4, Gen.Int[1, 20]), (2, Gen.Int[20, 800])).List[1, 8], Gen.Int[1, 30], Gen.Double[0.05, 40], Gen.Int[0, 2], Gen.Int[30, 900])
            .Sample((levels, repeated, seconds, min, idle) =>
            {
                var minutes = Traffic.OfIntervals(Noon, 60, [.. levels.SelectMany(level => Enumerable.Repeat(new Cohort(level, seconds), repeated))]);
                var each = BySeconds(minutes);
                var endpoint = Endpoint(min, max: 8, idle: idle);
                var (atOnce, one) = (Simulator.Run(minutes, endpoint), Simulator.Run(each, endpoint));
                Assert.Equal(one.Requests, atOnce.Requests);
                Assert.Equal(one.Waits.Sum(), atOnce.Waits.Sum(), 3);
                Assert.InRange(atOnce.Wakes, one.Wakes - 1, one.Wakes + 1);
            }, iter: 300);

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(50)]
    public void A_week_by_calm_steps_costs_what_it_costs_second_by_second(int concurrency)
    {
        var week = ExampleTraffic.Days(7);
        var (atOnce, one) = (Simulator.Run(week, Endpoint(max: 30, concurrency: concurrency)), Simulator.Run(BySeconds(week), Endpoint(max: 30, concurrency: concurrency)));
        Assert.InRange(atOnce.NodeHours / one.NodeHours, 0.99, 1.01);
        Assert.Equal(one.Wakes, atOnce.Wakes);
        Assert.Equal((one.Wait(0.95), one.Wait(0.99)), (atOnce.Wait(0.95), atOnce.Wait(0.99)));
    }

    [Fact]
    public void Every_request_waits_or_is_refused_once() =>
        Gen.Select(Gen.Int[0, 300].List[1, 40], Gen.Double[0.05, 100], Gen.Int[1, 64], Gen.Int[1, 200]).Sample((counts, seconds, concurrency, hold) =>
        {
            var traffic = Traffic.OfIntervals(Noon, 10, [.. counts.Select(c => new Cohort(c, seconds))]);
            var outcome = Simulator.Run(traffic, Endpoint(max: 5, concurrency: concurrency, hold: hold));
            Assert.Equal(traffic.Requests, outcome.Waits.Sum(), 3);
            Assert.InRange(outcome.NodeHours * 3600, outcome.ServedHours * 3600 - 1e-6, 5 * (traffic.Seconds + seconds));
        }, iter: 500);

    [Fact]
    public void Every_change_says_why_and_comes_to_what_it_says() => Assert.All(
        Simulator.Run(ExampleTraffic.Day(), Endpoint(max: 8)).Changes, change => Assert.True(change.Why is { } why ? why.Nodes == change.To && why.InWords().Length > 0 : change.From == 0));

    private static Setup Endpoint(int min = 0, int max = 4, int idle = 300, int concurrency = 16, int start = 60, int hold = 60) =>
        new(new Scaling(min, max, idle, concurrency), Tuning.Default, start, hold);

    private static Burst Requests(params (double At, double Seconds)[] requests) => new(requests);

    private static Traffic BySeconds(Traffic minutes)
    {
        var seconds = new List<Cohort>();
        for (var step = 0; step < minutes.Steps; step++)
        {
            var cohort = minutes.Of(step) is [var only] ? only : default;
            for (var second = 1; second <= 60; second++) seconds.Add(cohort with { Requests = Until(cohort.Requests, second) - Until(cohort.Requests, second - 1) });
        }
        return Traffic.OfIntervals(minutes.From, 1, seconds);

        static int Until(int requests, int second) => second == 60 ? requests : (int)Math.Floor(requests * second / 60.0 + 0.5);
    }
}

/// <summary>Requests of which each is known.</summary>
internal sealed record Burst((double At, double Seconds)[] Requests)
{
    public Traffic Lasting(int seconds) => Traffic.OfIntervals(new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero), 1, [.. Enumerable.Range(0, seconds).Select(InSecond)]);

    private Cohort InSecond(int second) => Requests.Where(r => (int)r.At == second).ToList() is { Count: > 0 } now ? new(now.Count, now[0].Seconds) : default;
}
