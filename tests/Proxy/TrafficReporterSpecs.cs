using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests;

/// <summary>Reports as the broker delivers them.</summary>
public sealed class TrafficReporterSpecs : IAsyncLifetime
{
    private readonly Surroundings _around = new();
    private readonly string _id = Some.NewId("endpt");

    public async Task InitializeAsync()
    {
        await _around.InitializeAsync();
        _around.Give(new(1, [new(4, Some.Endpoint(_id, EndpointStatus.Up, Some.Node("node-1", NodeStatus.Draining)))], []));
    }

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Reports_follow_each_other_without_a_gap_though_the_broker_was_away()
    {
        await _around.StartProxyAsync();
        await Eventually.TrueAsync(() => Mine().Count >= 2, "two reports came");
        _around.Gate.Cut();
        var before = Mine().Count;
        await Task.Delay(TimeSpan.FromSeconds(3));
        _around.Gate.Open();
        await Eventually.TrueAsync(() => Mine().Count >= before + 3, "reports come again");

        var mine = Mine();
        Assert.Equal(Enumerable.Range((int)mine[0].Sequence, mine.Count).Select(n => (long)n), mine.Select(r => r.Sequence));
        Assert.All(mine.Zip(mine.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.All(mine, r => Assert.Equivalent(new EndpointTraffic(_id, 4, 0, 0, 0, 0, 0, [new("node-1", 0)]), r.Endpoints.Single(e => e.EndpointId == _id)));
    }

    [Fact]
    public async Task Every_request_is_in_one_report_though_the_broker_was_away()
    {
        await using var node = await FakeNode.StartAsync();
        var (account, key) = (Some.NewId("acct"), Some.NewKey());
        var up = Some.Endpoint(_id, EndpointStatus.Up, Some.Node("node-1") with { Address = node.Address }, Some.Node("node-2", NodeStatus.Draining)) with { AccountId = account };
        _around.Give(new(1, [new(4, up)], [new(1, Some.Account(account, key))]));
        var proxy = await _around.StartProxyAsync();
        await Eventually.TrueAsync(() => Mine().Count >= 1, "a report came");

        for (var i = 0; i < 30; i++)
        {
            if (i == 10) _around.Gate.Cut();
            if (i == 20) _around.Gate.Open();
            Assert.Equal(System.Net.HttpStatusCode.OK, (await proxy.ChatAsync(_id, key)).StatusCode);
            await Task.Delay(100);
        }
        int Counted(Func<EndpointTraffic, int> count) => Mine().SelectMany(r => r.Endpoints).Where(e => e.EndpointId == _id).Sum(count);
        await Eventually.TrueAsync(() => Counted(t => t.Completed) >= 30, "all are counted");
        Assert.Equal((30, 30, 0), (Counted(t => t.Started), Counted(t => t.Completed), Counted(t => t.Failed)));
    }

    [Fact]
    public async Task A_proxy_that_is_told_to_stop_says_goodbye()
    {
        var proxy = await _around.StartProxyAsync();
        await Eventually.TrueAsync(() => Mine().Count >= 1, "a report came");
        await proxy.TerminateAsync();
        await Eventually.TrueAsync(() => Mine()[^1].Leaving, "it said goodbye");
        Assert.Single(Mine(), r => r.Leaving);
    }

    // Other proxies use the broker too; a report may come twice.
    private List<ProxyReport> Mine()
    {
        var all = _around.Broker.Reports.ToArray();
        var proxy = all.FirstOrDefault(r => r.Endpoints.Any(e => e.EndpointId == _id))?.ProxyId;
        return [.. all.Where(r => r.ProxyId == proxy && r.Endpoints.Any(e => e.EndpointId == _id)).DistinctBy(r => r.Sequence).OrderBy(r => r.Sequence)];
    }
}
