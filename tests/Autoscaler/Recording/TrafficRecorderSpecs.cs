using Hypervize.Autoscaler.Recording;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Autoscaler.Tests.Recording;

/// <summary>What is made of reports, in intervals of ten seconds.</summary>
public sealed class TrafficRecorderSpecs
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Noon);
    private readonly TrafficRecorder _recorder;
    private Dictionary<string, Heard<EndpointState>> _endpoints = Endpoints(telemetry: true);

    public TrafficRecorderSpecs() => _recorder = new(_time);

    [Fact]
    public void Ten_seconds_of_reports_are_a_point()
    {
        for (var second = 0; second < 10; second++) Pass(started: second == 3 ? 7 : 1, inFlight: 4, waiting: second < 5 ? 2 : 0, Usage(200, 30, 20));
        var (from, to, isWatched, points) = Only(_recorder.Take());
        Assert.Equal((Noon, Noon.AddSeconds(10), true), (from, to, isWatched));
        var point = Assert.Single(points).Value;
        Assert.Equal((16, 10, 300L, 200L), (point.Arrived!.Sum(), point.Statuses![200], point.PromptTokens, point.CompletionTokens));
        Assert.Equal((4, 1, 2, 1), (point.InFlight, point.Waiting, point.Wanted, point.Ready));
        Assert.Equal((10, 10), (point.Duration!.Count, point.FirstToken!.Count));
        Assert.Equal(7, point.Arrived![3]);
    }

    [Fact]
    public void Requests_are_spread_over_the_time_of_their_report_whenever_it_ends()
    {
        for (var report = 0; report < 11; report++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(report % 2 == 0 ? 1080 : 920));
            _recorder.Take(Report("proxy", started: 100, inFlight: 0, waiting: 0));
            if (report < 10) _recorder.Turn(_endpoints, isKnown: true);
        }
        var arrived = _recorder.Take()[0].Points[0].Value.Arrived!;
        Assert.Equal(1000, arrived.Sum());
        Assert.All(arrived.Take(9), requests => Assert.InRange(requests, 80, 120));
    }

    [Fact]
    public void Proxies_add_up()
    {
        for (var second = 0; second < 10; second++)
        {
            _recorder.Take(Report("other", started: 2, inFlight: 3, waiting: 0));
            Pass(started: 1, inFlight: 4, waiting: 0);
        }
        var point = Only(_recorder.Take()).Points[0].Value;
        Assert.Equal((30, 7), (point.Arrived!.Sum(), point.InFlight));
    }

    [Fact]
    public void An_endpoint_without_telemetry_leaves_no_trace()
    {
        _endpoints = Endpoints(telemetry: false);
        for (var second = 0; second < 10; second++) Pass(started: 1, inFlight: 1, waiting: 0, Usage(200, 1, 1));
        Assert.Empty(Only(_recorder.Take()).Points);
    }

    [Fact]
    public void One_that_sleeps_and_is_not_called_is_listed_once_a_minute()
    {
        _endpoints = Endpoints(telemetry: true, nodes: 0);
        Wait(120);
        Assert.Equal([0, 60], _recorder.Take().Where(i => i.Points.Count > 0).Select(i => (i.From - Noon).TotalSeconds));
    }

    [Fact]
    public void One_that_waits_for_calls_shows_its_nodes()
    {
        Wait(10);
        var point = Assert.Single(Only(_recorder.Take()).Points).Value;
        Assert.Equal((null, 0, 2, 1), (point.Arrived, point.InFlight, point.Wanted, point.Ready));
    }

    [Fact]
    public void A_time_with_a_silent_proxy_is_not_one_that_was_watched()
    {
        Wait(4);
        _recorder.Turn(_endpoints, isKnown: false);
        Wait(16);
        Assert.Equal([false, true], _recorder.Take().Select(i => i.IsWatched));
    }

    [Fact]
    public void Who_begins_or_stops_within_an_interval_says_so()
    {
        _time.Advance(TimeSpan.FromSeconds(3));
        var late = new TrafficRecorder(_time);
        for (var second = 0; second < 11; second++)
        {
            late.Take(Report("proxy", started: 1, inFlight: 1, waiting: 0));
            _time.Advance(TimeSpan.FromSeconds(1));
            late.Turn(_endpoints, isKnown: true);
        }
        late.Stop(_endpoints);
        var taken = late.Take();
        Assert.Equal([(Noon.AddSeconds(3), Noon.AddSeconds(10)), (Noon.AddSeconds(10), Noon.AddSeconds(14))], taken.Select(i => (i.From, i.To)));
        Assert.Equal([(7, 1.0), (4, 1.0)], taken.Select(i => (i.Points[0].Value.Arrived!.Sum(), i.Points[0].Value.InFlight)));
    }

    [Fact]
    public void Reports_that_were_held_up_count_once_and_do_not_multiply_what_is_under_way()
    {
        Wait(5);
        for (var report = 0; report < 24; report++) _recorder.Take(Report("proxy", started: 10, inFlight: 6, waiting: 0));
        for (var second = 0; second < 5; second++) Pass(started: 10, inFlight: 6, waiting: 0);
        var point = Only(_recorder.Take()).Points[0].Value;
        Assert.Equal(290, point.Arrived!.Sum());
        Assert.InRange(point.InFlight, 5.4, 6.7);
    }

    [Fact]
    public void While_a_proxy_is_silent_only_what_others_tell_is_listed()
    {
        _recorder.Turn(_endpoints, isKnown: false);
        Wait(10);
        Assert.Empty(Only(_recorder.Take()).Points);
        _recorder.Turn(_endpoints, isKnown: false);
        for (var second = 0; second < 10; second++) Pass(started: 1, inFlight: 1, waiting: 0);
        Assert.Single(Only(_recorder.Take()).Points);
    }

    [Fact]
    public void What_nodes_say_of_themselves_is_added_up_but_for_the_fullest_cache()
    {
        _recorder.Take(new NodeReport(Noon, [new("endpt-1", "node-1", 3, 1, 0.25), new("endpt-1", "node-2", 4, 0, 0.75), new("endpt-2", "node-3", 9, 9, 1)]));
        Wait(10);
        Assert.Equal(new NodeLoad(7, 1, 0.75), Only(_recorder.Take()).Points[0].Value.Nodes);
    }

    [Fact]
    public void What_could_not_be_kept_is_taken_again_in_order()
    {
        Wait(20);
        var taken = _recorder.Take();
        Wait(10);
        _recorder.GiveBack(taken);
        Assert.Equal([0, 10, 20], _recorder.Take().Select(i => (i.From - Noon).TotalSeconds));
    }

    [Fact]
    public void While_nobody_takes_it_an_hour_is_remembered()
    {
        Wait(2 * 3600);
        var taken = _recorder.Take();
        Assert.Equal((360, 7200), (taken.Count, (taken[^1].To - Noon).TotalSeconds));
    }

    private static RecordedInterval Only(IReadOnlyList<RecordedInterval> taken) => Assert.Single(taken);

    private static KeyUsage Usage(int status, long prompt, long completion) => new(
        "key", new Dictionary<int, int> { [status] = 1 }, prompt, completion, Durations(50), Histogram.Empty, Durations(200));

    private static Histogram Durations(double ms) => new(1, ms, new Dictionary<int, long> { [Histogram.BucketOf(TimeSpan.FromMilliseconds(ms))] = 1 });

    private static Dictionary<string, Heard<EndpointState>> Endpoints(bool telemetry, int nodes = 1)
    {
        var settings = new EndpointSettings("test", "model", "cpu", "simulator", new(0, 4, 60, 16), 60, EndpointAccess.Private, telemetry);
        EndpointNode[] ready = [.. Enumerable.Range(1, nodes).Select(i => new EndpointNode($"node-{i}", NodeStatus.Ready, "http://127.0.0.1:1", Noon, 1))];
        return new() { ["endpt-1"] = new(1, 1, new("endpt-1", "acct-1", settings, nodes == 0 ? EndpointStatus.Hibernated : EndpointStatus.Up, Noon, 2 * nodes, 1, ready, null, null, [], Noon, settings)) };
    }

    private ProxyReport Report(string proxy, int started, int inFlight, int waiting, KeyUsage? usage = null, int seconds = 1) => new(
        proxy, 1, _time.GetUtcNow().AddSeconds(-seconds), _time.GetUtcNow(), false, [new("endpt-1", 1, started, 0, 0, inFlight, waiting, [], usage is null ? null : [usage])]);

    // A second, with a report at its end.
    private void Pass(int started, int inFlight, int waiting, KeyUsage? usage = null)
    {
        _time.Advance(TimeSpan.FromMilliseconds(999));
        _recorder.Take(Report("proxy", started, inFlight, waiting, usage));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _recorder.Turn(_endpoints, isKnown: true);
    }

    private void Wait(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _recorder.Turn(_endpoints, isKnown: true);
        }
    }
}
