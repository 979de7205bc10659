using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>Very many at once, and several proxies.</summary>
public sealed class CrowdSpecs
{
    [Fact]
    public async Task Two_thousand_that_are_held_are_all_served_and_nothing_is_left_of_them()
    {
        const int Many = 2000;
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Hibernated);
        host.OnWake = () => host.Is(EndpointStatus.Waking);
        var calls = Enumerable.Range(0, Many).Select(_ => host.SendAsync(InferenceHost.Request(prefer: "wait=120"))).ToList();
        await InferenceHost.EventuallyAsync(() => host.Gates.Waiting == Many);
        host.Is(EndpointStatus.Up, host.Node(address: node.Address));
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(200, answer.Status));
        Assert.Equal((Many, 0), (node.Requests, host.Gates.Waiting));
        Assert.Single(host.Wakes);

        var usage = await host.UsageAsync(Many);
        Assert.Equal(Many, usage.Sum(u => u.Statuses.GetValueOrDefault(200)));
        Assert.Empty(host.Meter.Take(host.Table)); // Nothing in flight, nothing waiting.
    }

    [Fact]
    public async Task Two_proxies_with_waiters_for_one_endpoint_both_ask_and_both_serve()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var one = await InferenceHost.StartAsync();
        await using var other = await InferenceHost.StartAsync(beside: one);
        InferenceHost[] proxies = [one, other];
        foreach (var proxy in proxies) proxy.Is(EndpointStatus.Hibernated);
        var calls = proxies.SelectMany(p => Enumerable.Range(0, 10).Select(_ => p.SendAsync(InferenceHost.Request()))).ToList();
        await InferenceHost.EventuallyAsync(() => one.Wakes.Select(w => w.ProxyId).Distinct().Count() == 2);
        foreach (var proxy in proxies) proxy.Is(EndpointStatus.Waking);
        foreach (var proxy in proxies) proxy.Is(EndpointStatus.Up, proxy.Node(address: node.Address));
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(20, node.Requests);
    }
}
