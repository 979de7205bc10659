using CsCheck;
using Hypervize.Autoscaler.Recording;

namespace Hypervize.Autoscaler.Tests.Recording;

/// <summary>Whatever was recorded: none of it is lost or made up on the way to a longer interval, or to a simulation.</summary>
public sealed class RecordedTrafficProperties
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    // A minute in parts, some of them missing: nothing happened then.
    private static readonly Gen<List<TrafficPoint>> Minutes = Gen.Select(Gen.Int[0, 30].Array[10], Gen.Int[0, 20], Gen.Bool).Array[6].Select(points => points
        .Select((p, i) => (p, i)).Where(x => x.p.Item3).Select(x => new TrafficPoint
        {
            At = Noon.AddSeconds(10 * x.i), Seconds = 10, Arrived = x.p.Item1, InFlight = x.p.Item2, CompletionTokens = x.p.Item1.Sum(), Statuses = new Dictionary<int, int> { [200] = x.p.Item2 + 1 },
            Duration = new(x.p.Item2 + 1, 500.0 * (x.p.Item2 + 1), new Dictionary<int, long> { [40] = x.p.Item2 + 1 }),
        }).ToList());

    [Fact]
    public void A_minute_holds_what_its_parts_hold() => Minutes.Sample(points =>
    {
        var minute = TrafficPoint.Sum(points, Noon, 60);
        Assert.Equal(points.Sum(p => p.Arrived!.Sum()), minute.Arrived?.Sum() ?? 0);
        Assert.Equal(points.Sum(p => p.Statuses![200]), minute.Statuses?[200] ?? 0);
        Assert.Equal(points.Sum(p => p.Duration!.Count), minute.Duration?.Count ?? 0);
        Assert.Equal(points.Sum(p => p.InFlight) / 6, minute.InFlight, 2);
    });

    [Fact]
    public void A_simulation_gets_the_requests_that_came_and_the_time_they_took() => Minutes.Sample(points =>
    {
        var traffic = RecordedTraffic.ToTraffic(points, Noon, Noon.AddMinutes(1));
        Assert.Equal((points.Sum(p => p.Arrived!.Sum()), 60), (traffic.Requests, traffic.Seconds));
        for (var step = 0; step < traffic.Steps; step++)
            foreach (var cohort in traffic.Of(step)) Assert.Equal(0.5, cohort.Seconds, 6);
    });

    [Fact]
    public void Minutes_become_traffic_of_ten_seconds_at_a_time() => Minutes.Sample(points =>
    {
        var minute = TrafficPoint.Sum(points, Noon, 60);
        var traffic = RecordedTraffic.ToTraffic([minute], Noon, Noon.AddMinutes(1));
        Assert.Equal((minute.Arrived?.Sum() ?? 0, 10), (traffic.Requests, traffic.StepSeconds));
    });

    [Fact]
    public void What_requests_waited_and_refusals_are_no_time_of_a_node()
    {
        // 10 served, of 2 s each, of which they waited one on average; and 90 that were refused at once.
        var point = new TrafficPoint
        {
            At = Noon, Seconds = 10, Arrived = [10, 0, 0, 0, 0, 0, 0, 0, 0, 0], Waiting = 1, Statuses = new Dictionary<int, int> { [200] = 10, [429] = 90 },
            Duration = new(100, 20_000, new Dictionary<int, long> { [59] = 10, [0] = 90 }),
        };
        Assert.Equal(1, RecordedTraffic.ToTraffic([point], Noon, Noon.AddSeconds(10)).Of(0)[0].Seconds, 6);
    }
}
