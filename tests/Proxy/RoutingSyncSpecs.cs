using System.Net;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests;

/// <summary>The proxy against the real broker: what it knows when messages are lost, and when everything else is.</summary>
public sealed class RoutingSyncSpecs : IAsyncLifetime
{
    private readonly Surroundings _around = new();
    private readonly string _id = Some.NewId("endpt");
    private readonly string _account = Some.NewId("acct");
    private readonly string _key = Some.NewKey();

    public Task InitializeAsync() => _around.InitializeAsync();

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task What_is_published_while_the_snapshot_is_on_its_way_is_not_lost()
    {
        _around.Endpoints.Routing = async _ =>
        {
            var old = new RoutingSnapshot(1, [new(1, Some.Endpoint(_id))], []);
            await _around.Broker.PublishAsync(Some.Changed(Some.Endpoint(_id), version: 2, position: 2));
            return old;
        };
        var proxy = await _around.StartProxyAsync();
        await KnowsAsync(proxy, version: 2);
    }

    [Fact]
    public async Task What_was_published_before_it_came_is_in_the_snapshot()
    {
        await _around.Broker.PublishAsync(Some.Changed(Some.Endpoint(_id), version: 6, position: 6));
        _around.Give(new(6, [new(6, Some.Endpoint(_id))], []));
        var proxy = await _around.StartProxyAsync();
        await KnowsAsync(proxy, version: 6);
        Assert.Equal("up", (await Surroundings.HealthAsync(proxy)).Checks["read-model"].Status);
    }

    [Fact]
    public async Task After_the_broker_was_away_it_takes_a_snapshot_and_hears_messages_again()
    {
        _around.Give(new(1, [new(1, Some.Endpoint(_id))], []));
        var proxy = await _around.StartProxyAsync();
        await BusAsync(proxy, "up");

        var bringBack = await _around.StopEndpointsAsync();
        _around.Gate.Cut();
        await BusAsync(proxy, "degraded");
        await _around.Broker.PublishAsync(Some.Changed(Some.Endpoint(_id), version: 2, position: 2));
        await Eventually.TrueAsync(async () => (await Surroundings.HealthAsync(proxy)).Checks["contact"].Detail?.StartsWith("cut off since 20", StringComparison.Ordinal) is true, "it says that it is cut off");

        _around.Gate.Open();
        await BusAsync(proxy, "up");
        await bringBack();
        _around.Give(new(2, [new(2, Some.Endpoint(_id))], []));
        await KnowsAsync(proxy, version: 2);
        await IsAsync(proxy, "up");

        await _around.Broker.PublishAsync(Some.Changed(Some.Endpoint(_id), version: 3, position: 3));
        await KnowsAsync(proxy, version: 3);
    }

    [Fact]
    public async Task While_the_broker_is_away_it_asks_the_endpoints_service()
    {
        _around.Give(new(1, [new(1, Some.Endpoint(_id))], []));
        _around.Gate.Cut();
        var proxy = await _around.StartProxyAsync();
        await KnowsAsync(proxy, version: 1);
        _around.Give(new(5, [new(5, Some.Endpoint(_id))], []));
        await KnowsAsync(proxy, version: 5);
        await IsAsync(proxy, "degraded");
        Assert.Equal("up", (await Surroundings.HealthAsync(proxy)).Checks["contact"].Status);
    }

    [Fact]
    public async Task A_connected_proxy_knows_of_a_revoked_key_within_a_second()
    {
        _around.Give(new(1, [], [new(1, Some.Account(_account, _key))]));
        var proxy = await _around.StartProxyAsync();
        await BusAsync(proxy, "up");
        await Eventually.TrueAsync(async () => await StatusAsync(proxy, _key) == HttpStatusCode.OK, "the key is good");

        // Of three keys, so that a machine that stands still for a moment does not fail the test.
        var fastest = TimeSpan.MaxValue;
        var key = _key;
        for (var version = 2; version <= 6; version += 2)
        {
            var start = TimeProvider.System.GetTimestamp();
            await _around.Broker.PublishAsync(Some.Changed(Some.Account(_account), version, position: version));
            await Eventually.TrueAsync(async () => await StatusAsync(proxy, key) == HttpStatusCode.Unauthorized, "the key is refused");
            var took = TimeProvider.System.GetElapsedTime(start);
            if (took < fastest) fastest = took;

            key = Some.NewKey();
            await _around.Broker.PublishAsync(Some.Changed(Some.Account(_account, key), version + 1, position: version + 1));
            await Eventually.TrueAsync(async () => await StatusAsync(proxy, key) == HttpStatusCode.OK, "the next key is good");
        }
        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Restarted_while_all_else_is_down_it_serves_what_is_up()
    {
        await using var node = await FakeNode.StartAsync();
        var up = Some.Endpoint(_id, EndpointStatus.Up, Some.Node("node-1") with { Address = node.Address }) with { AccountId = _account };
        _around.Give(new(1, [new(1, up with { Status = EndpointStatus.Building, Nodes = [] })], [new(1, Some.Account(_account, _key))]));
        var proxy = await _around.StartProxyAsync();
        await BusAsync(proxy, "up");
        await _around.Broker.PublishAsync(Some.Changed(up, version: 2, position: 2));
        await KnowsAsync(proxy, version: 2);
        await Eventually.TrueAsync(() => File.Exists(_around.StateFile) && File.ReadAllText(_around.StateFile).Contains("\"version\":2", StringComparison.Ordinal), "version 2 is on disk");
        await proxy.KillAsync();
        await _around.StopEndpointsAsync();
        _around.Gate.Cut();

        var again = await _around.StartProxyAsync();
        Assert.Equal(HttpStatusCode.OK, (await again.ChatAsync(_id, _key)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await again.ChatAsync(_id, Some.NewKey())).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(again, _key));
        await IsAsync(again, "degraded");
        Assert.StartsWith("cut off since 20", (await Surroundings.HealthAsync(again)).Checks["contact"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cut_off_for_too_long_it_believes_no_key()
    {
        _around.Give(new(1, [], [new(1, Some.Account(_account, _key))]));
        var proxy = await _around.StartProxyAsync(keysMaxAge: 2);
        await Eventually.TrueAsync(async () => await StatusAsync(proxy, _key) == HttpStatusCode.OK, "the key is good");
        await _around.StopEndpointsAsync();
        _around.Gate.Cut();
        await Eventually.TrueAsync(async () => (await (await proxy.GetAsync("/v1/endpoints", _key)).Content.ReadAsStringAsync()).Contains("keys_stale", StringComparison.Ordinal), "keys are stale");
        Assert.Equal("degraded", (await Surroundings.HealthAsync(proxy)).Checks["keys"].Status);
    }

    [Theory, InlineData(null), InlineData("hypervize-read-model-1 00\n{}")]
    public async Task With_nothing_to_go_by_it_says_so_and_recovers(string? file)
    {
        if (file is not null) await File.WriteAllTextAsync(_around.StateFile, file);
        var bringBack = await _around.StopEndpointsAsync();
        _around.Gate.Cut();
        var proxy = await _around.StartProxyAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("/health/live")).StatusCode);
        Assert.Contains("platform_unavailable", await (await proxy.GetAsync("/v1/endpoints", _key)).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await bringBack();
        await Eventually.TrueAsync(async () => (await proxy.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK, "it is ready");
    }

    private static Task IsAsync(ProxyProcess proxy, string status) => Eventually.TrueAsync(async () => (await Surroundings.HealthAsync(proxy)).Status == status, $"its health is {status}");

    private static async Task<HttpStatusCode> StatusAsync(ProxyProcess proxy, string key) => (await proxy.GetAsync("/v1/endpoints", key)).StatusCode;

    private Task KnowsAsync(ProxyProcess proxy, long version) => Eventually.TrueAsync(
        async () => (await proxy.VersionsAsync()).GetValueOrDefault(_id) == version, $"version {version} is known");

    private static Task BusAsync(ProxyProcess proxy, string status) => Eventually.TrueAsync(
        async () => (await Surroundings.HealthAsync(proxy)).Checks["bus"].Status == status, $"the bus is {status}");
}
