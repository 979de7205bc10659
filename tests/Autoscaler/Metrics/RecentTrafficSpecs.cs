using Hypervize.Autoscaler.Metrics;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Autoscaler.Tests.Metrics;

/// <summary>How often endpoints were called in the last minutes.</summary>
public sealed class RecentTrafficSpecs
{
    private const string Id = "endpt-000000000001";
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly SetClock _time = new();
    private readonly RecentTraffic _recent;
    private readonly Dictionary<string, Heard<EndpointState>> _endpoints = new() { [Id] = Heard(EndpointStatus.Up) };
    private long _sequence;

    public RecentTrafficSpecs() => _recent = new(new AutoscalerSettings(), _time);

    [Fact]
    public void Requests_are_told_by_the_minute_and_of_the_last_whole_minute()
    {
        Pass(seconds: 150, started: 2);
        var it = One();
        Assert.Equal((120, 30), (it.RequestsPerMinute, it.PerMinute.Count));
        // The report that ends with a minute is of the next one.
        Assert.Equal([118, 120, 62], it.PerMinute.Skip(27));
        Assert.Equal(Noon.AddSeconds(150), it.LastRequestAt);
    }

    [Fact]
    public void What_was_not_watched_is_not_known_and_what_was_and_saw_nothing_is_zero()
    {
        Pass(seconds: 61, started: 0);
        Pass(seconds: 120, started: 0, isKnown: false);
        Pass(seconds: 60, started: 0);
        Assert.Equal([null, 0, 0, null, 0, 0], One().PerMinute.Skip(24));
        Assert.Equal((0, null), (One().RequestsPerMinute, One().LastRequestAt));
    }

    [Fact]
    public void What_was_seen_is_told_though_not_all_of_it_may_be_known()
    {
        Pass(seconds: 10, started: 1, isKnown: false);
        Assert.Equal(10, One().PerMinute[^1]);
    }

    [Fact]
    public void A_report_that_was_held_up_counts_when_it_ended()
    {
        Pass(seconds: 300, started: 0);
        _recent.Take(Report("other", 1, started: 7), ago: TimeSpan.FromSeconds(125));
        Assert.Equal([0, 7, 0, 0, 0], One().PerMinute.Skip(25));
        Assert.Equal(0, One().RequestsPerMinute);
        Assert.Equal(Noon.AddSeconds(175), One().LastRequestAt);
    }

    [Fact]
    public void What_is_older_than_all_that_is_told_changes_nothing_but_the_last_request()
    {
        Pass(seconds: 60, started: 1);
        _time.Advance(TimeSpan.FromHours(2));
        _recent.Turn(_endpoints, isKnown: true);
        _recent.Take(Report("other", 1, started: 7), ago: TimeSpan.FromHours(1));
        Assert.Equal([.. Enumerable.Repeat((int?)null, 29), 0], One().PerMinute);
        Assert.Equal(Noon.AddMinutes(61), One().LastRequestAt);
    }

    [Fact]
    public void What_is_at_nodes_and_waits_is_added_up_over_proxies_by_their_last_reports()
    {
        Pass(seconds: 1, started: 1, inFlight: 9, waiting: 9);
        _recent.Take(Report("other", 5, started: 1, inFlight: 4, waiting: 1), ago: TimeSpan.Zero);
        _recent.Take(Report("other", 4, started: 1, inFlight: 100, waiting: 100), ago: TimeSpan.Zero);
        Pass(seconds: 1, started: 0, inFlight: 2, waiting: 3);
        Assert.Equal((6, 4), (One().InFlight, One().Waiting));
    }

    [Fact]
    public void What_a_silent_proxy_has_fades_and_so_does_what_one_had_that_left()
    {
        _recent.Take(Report("silent", 1, started: 1, inFlight: 4, waiting: 1), ago: TimeSpan.Zero);
        Pass(seconds: 5, started: 0, inFlight: 1);
        Assert.Equal((5, 1), (One().InFlight, One().Waiting));
        Pass(seconds: 1, started: 0, inFlight: 1);
        Assert.Equal((1, 0), (One().InFlight, One().Waiting));
        _recent.Take(Report("proxy", ++_sequence, started: 0, inFlight: 1) with { Leaving = true }, ago: TimeSpan.Zero);
        Assert.Equal(0, One().InFlight);
    }

    [Fact]
    public void An_endpoint_that_is_deleted_is_forgotten_and_one_that_is_not_heard_of_yet_is_not()
    {
        Pass(seconds: 60, started: 1);
        _endpoints.Remove(Id);
        Pass(seconds: 60, started: 1);
        Assert.NotNull(One().LastRequestAt);
        _endpoints[Id] = Heard(EndpointStatus.Deleted);
        Pass(seconds: 60, started: 0);
        Assert.Null(One().LastRequestAt);
    }

    [Fact]
    public void A_clock_on_the_wall_that_is_set_moves_nothing()
    {
        Pass(seconds: 30, started: 1);
        _time.SetBack = TimeSpan.FromHours(3);
        Pass(seconds: 20, started: 1);
        Assert.Equal((49, 50), (One().RequestsPerMinute, One().PerMinute[^1]));
    }

    [Fact]
    public void Endpoints_that_were_asked_for_are_told_in_that_order_with_what_was_seen_or_nothing()
    {
        Pass(seconds: 3, started: 1);
        var told = _recent.Of(["endpt-000000000002", Id]);
        Assert.Equal((Noon.AddSeconds(3), 30), (told.At, told.Minutes));
        Assert.Equal([("endpt-000000000002", 0), (Id, 3)], told.Endpoints.Select(e => (e.EndpointId, e.PerMinute[^1]!.Value)));
    }

    private EndpointTrafficResource One() => Assert.Single(_recent.Of([Id]).Endpoints);

    private void Pass(int seconds, int started, int inFlight = 0, int waiting = 0, bool isKnown = true)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _recent.Take(Report("proxy", ++_sequence, started, inFlight, waiting), ago: TimeSpan.Zero);
            _recent.Turn(_endpoints, isKnown);
        }
    }

    private static ProxyReport Report(string proxy, long sequence, int started, int inFlight = 0, int waiting = 0) =>
        new(proxy, sequence, Noon, Noon, false, [new(Id, 1, started, 0, 0, inFlight, waiting, [])]);

    private static Heard<EndpointState> Heard(EndpointStatus status)
    {
        var settings = new EndpointSettings("test", "model", "g5.xlarge", "simulator", new(0, 4, 300, 16), 60, EndpointAccess.Private, false);
        return new(1, 1, new(Id, "acct-1", settings, status, Noon, 1, 1, [], null, null, [], Noon, settings));
    }

    // Its timestamps go on whatever its clock on the wall shows.
    private sealed class SetClock() : FakeTimeProvider(Noon)
    {
        public TimeSpan SetBack { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - SetBack;

        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
    }
}
