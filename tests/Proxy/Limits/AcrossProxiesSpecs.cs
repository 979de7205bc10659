using System.Diagnostics;
using System.Net;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>Two proxies, as processes of their own, that hold a limit together over the real broker.</summary>
public sealed class AcrossProxiesSpecs : IAsyncLifetime
{
    private const int PerMinute = 20;
    private readonly Surroundings _around = new();

    public Task InitializeAsync() => _around.InitializeAsync();

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task A_keys_requests_per_minute_hold_whichever_proxy_they_come_to()
    {
        await using var node = await FakeNode.StartAsync();
        var (id, account, key) = (Some.NewId("endpt"), Some.NewId("acct"), Some.NewKey());
        var up = Some.Endpoint(id, EndpointStatus.Up, Some.Node(Some.NewId("node")) with { Address = node.Address }) with { AccountId = account };
        _around.Give(new(1, [new(1, up)], [new(1, new(account, "test", [Some.Key(key) with { Limits = new(PerMinute) }], Some.Noon))]));
        ProxyProcess[] proxies = [await _around.StartProxyAsync(), await _around.StartProxyAsync()];
        await Task.Delay(TimeSpan.FromSeconds(2)); // Each has heard of the other by now.

        // Proxies of other tests are on the same broker, and have their part until they have heard that it is wanted here, or are known to be gone.
        var (served, refusedInARow) = (new List<TimeSpan>(), 0);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 800 && refusedInARow < 250; i++)
        {
            using var answer = await proxies[i % 2].ChatAsync(id, key);
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                served.Add(Stopwatch.GetElapsedTime(began));
                refusedInARow = 0;
            }
            else
            {
                Assert.NotNull(answer.Headers.RetryAfter?.Delta);
                refusedInARow++;
            }
            await Task.Delay(50);
        }
        // On a busy machine all this may take longer than a minute, and proxies count by whole seconds.
        Assert.Equal((PerMinute, string.Join(' ', served)), (served.Max(from => served.Count(at => at >= from && at < from + TimeSpan.FromSeconds(59))), string.Join(' ', served)));
    }
}
