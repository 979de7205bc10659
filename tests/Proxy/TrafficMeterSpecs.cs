using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Spending;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

public sealed class TrafficMeterSpecs
{
    private readonly FakeTimeProvider _time = new(Some.Noon);
    private readonly TrafficMeter _meter = new();
    private readonly RoutingTable _table;

    public TrafficMeterSpecs() => _table = new(new KeyRing(), new SpendTable(_time), _time);

    [Fact]
    public void A_count_is_in_one_interval_and_what_is_in_flight_in_each()
    {
        _table.Apply(Some.Changed(Some.Endpoint("e", EndpointStatus.Up, Some.Node("n")), version: 5, position: 1));
        _meter.Of("e").Arrived();
        _meter.Of("e").Waiting(1);
        Assert.Equivalent(new EndpointTraffic("e", 5, 1, 0, 0, 0, 1, []), Assert.Single(_meter.Take(_table)), strict: true);

        _meter.Of("e").Waiting(-1);
        _meter.Of("e").Dispatched("n");
        Assert.Equal(1, _meter.InFlight("e", "n"));
        Assert.Equivalent(new EndpointTraffic("e", 5, 0, 0, 0, 1, 0, [new("n", 1)]), Assert.Single(_meter.Take(_table)), strict: true);

        _meter.Of("e").Finished("n");
        End(_meter.Of("e"), 200);
        var ended = Assert.Single(_meter.Take(_table));
        Assert.Equivalent(new EndpointTraffic("e", 5, 0, 1, 0, 0, 0, []), ended with { Usage = null }, strict: true);
        Assert.Equal(1, Assert.Single(ended.Usage!).Statuses[200]);
        Assert.Empty(_meter.Take(_table));
        Assert.Equal(0, _meter.InFlight("e", "n"));
    }

    [Fact]
    public void A_draining_node_is_listed_at_zero_with_the_version_that_is_routed_by()
    {
        _table.Apply(Some.Changed(Some.Endpoint("e", EndpointStatus.Up, Some.Node("a"), Some.Node("b", NodeStatus.Draining)), version: 7, position: 1));
        Assert.Equivalent(new EndpointTraffic("e", 7, 0, 0, 0, 0, 0, [new("b", 0)]), Assert.Single(_meter.Take(_table)), strict: true);

        _meter.Of("e").Dispatched("a");
        Assert.Equivalent(new EndpointTraffic("e", 7, 0, 0, 0, 1, 0, [new("a", 1), new("b", 0)]), Assert.Single(_meter.Take(_table)), strict: true);

        _meter.Of("e").Finished("a");
        _table.Apply(Some.Changed(Some.Endpoint("e", EndpointStatus.Up, Some.Node("a")), version: 8, position: 2));
        Assert.Empty(_meter.Take(_table));
    }

    [Fact]
    public async Task Nothing_is_counted_twice_or_lost_while_many_count_and_intervals_end()
    {
        const int Threads = 4, Requests = 20_000;
        EndpointMeter[] endpoints = [_meter.Of("e0"), _meter.Of("e1"), _meter.Of("e2")];
        var running = Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Requests; i++)
            {
                var (endpoint, node) = (endpoints[i % 3], $"n{i % 5}");
                endpoint.Arrived();
                endpoint.Waiting(1);
                endpoint.Waiting(-1);
                endpoint.Dispatched(node);
                endpoint.Finished(node);
                endpoint.ArrivedAndDispatched(node);
                endpoint.Finished(node);
                End(endpoint, 200);
                End(endpoint, i % 10 == thread ? 502 : 200);
            }
        })).ToArray();

        var taken = new List<EndpointTraffic>();
        while (!Task.WhenAll(running).IsCompleted)
        {
            taken.AddRange(_meter.Take(_table));
            await Task.Yield();
        }
        await Task.WhenAll(running);
        taken.AddRange(_meter.Take(_table));

        Assert.Equal(2 * Threads * Requests, taken.Sum(t => t.Started));
        Assert.Equal(Threads * Requests / 10, taken.Sum(t => t.Failed));
        Assert.Equal(2 * Threads * Requests, taken.Sum(t => t.Completed + t.Failed));
        Assert.All(taken, t => Assert.InRange(t.InFlight, 0, Threads));
        Assert.Empty(_meter.Take(_table));
    }

    [Fact]
    public void What_counts_an_endpoint_can_be_kept_through_intervals_in_which_nothing_happens()
    {
        var kept = _meter.Of("e");
        kept.Arrived();
        Assert.Equal([1, 0], [Started(), Started()]);
        kept.Arrived();
        Assert.Equal(1, Started());

        int Started() => _meter.Take(_table).Sum(t => t.Started);
    }

    [Fact]
    public void A_report_that_could_not_be_published_stays_the_same_and_the_next_covers_the_longer_time()
    {
        var reports = new ReportSequence(new("proxy-1"), _meter, new RequestLimiter(new("proxy-1"), new Contact(_time), new LimitSettings(), _time), _table, _time);
        _meter.Of("e").Arrived();
        _time.Advance(TimeSpan.FromSeconds(1));
        var first = reports.Due();
        _meter.Of("e").Arrived();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Same(first, reports.Due());
        Assert.Equal((1, 1), (first.Sequence, first.Endpoints.Single().Started));

        reports.Published();
        var second = reports.Due();
        Assert.Equal((2, first.To, first.To.AddSeconds(30), 1), (second.Sequence, second.From, second.To, second.Endpoints.Single().Started));
    }

    [Fact]
    public void The_last_report_says_goodbye_after_the_pending_one()
    {
        var reports = new ReportSequence(new("proxy-1"), _meter, new RequestLimiter(new("proxy-1"), new Contact(_time), new LimitSettings(), _time), _table, _time);
        reports.Due();
        Assert.NotNull(reports.Pending);
        Assert.False(reports.Due(leaving: true).Leaving);
        reports.Published();
        Assert.Equal((true, 2), (reports.Due(leaving: true).Leaving, reports.Due(leaving: true).Sequence));
    }

    private static void End(EndpointMeter endpoint, int status) => endpoint.Ended(new("key-1", status, HadArrived: true, 0, 0, default, null, null));
}
