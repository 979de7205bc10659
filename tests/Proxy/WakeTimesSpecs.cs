using Hypervize.Contracts;
using Hypervize.Proxy.Tests.Inference;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Tests;

/// <summary>Where the time of a held request went.</summary>
public sealed class WakeTimesSpecs
{
    private static readonly DateTimeOffset Noon = Some.Noon;

    [Fact]
    public void A_wake_is_told_by_its_steps()
    {
        var wake = After(Woken, Provisioning(12), Ready(252, 812));
        Assert.Equal("held=900, capacity=12, start=240, load=560", WakeTimes.Receipt(TimeSpan.FromMilliseconds(900), wake));
    }

    [Fact]
    public void Nodes_after_the_first_change_nothing() =>
        Assert.Equal(After(Woken, Provisioning(12), Ready(252, 812)), After(Woken, Provisioning(12), Provisioning(40), Ready(252, 812), Ready(300, 2000)));

    [Fact]
    public void Sleep_forgets_the_last_wake() => Assert.Null(After(Woken, Provisioning(12), new EndpointHibernated("idle", "autoscaler", Noon)));

    [Fact]
    public void Where_a_step_was_not_heard_of_only_the_hold_is_told() => Assert.Equal("held=900", WakeTimes.Receipt(TimeSpan.FromMilliseconds(900), After(Woken, Ready(252, 812))));

    [Fact]
    public void Clocks_that_differ_never_make_a_step_shorter_than_nothing() =>
        Assert.Equal("held=1, capacity=0, start=0, load=560", WakeTimes.Receipt(TimeSpan.FromMilliseconds(1), After(Woken, Provisioning(-5), Ready(-10, 550))));

    [Fact]
    public async Task Who_was_held_is_told_in_a_header_and_who_came_later_is_not()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Waking);
        var held = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => host.Gates.Waiting == 1);
        host.Is(EndpointStatus.Up, host.Node());
        Assert.Matches("^held=[0-9]+$", (await held).Response.Headers.GetValues(WakeTimes.Header).Single());
        Assert.False((await host.SendAsync(InferenceHost.Request())).Response.Headers.Contains(WakeTimes.Header));
    }

    private static EndpointWoken Woken { get; } = new("a request", 1, "proxy", Noon);

    private static EndpointProvisioning Provisioning(double ms) => new("node-1", "l4", 1, Noon.AddMilliseconds(ms));

    private static NodeReady Ready(double spawnedMs, double readyMs) => new("node-1", "http://127.0.0.1:1", "l4", 1, [], Noon.AddMilliseconds(spawnedMs), null, Noon.AddMilliseconds(readyMs));

    private static WakeTimes? After(params EndpointEvent[] facts) => facts.Aggregate((WakeTimes?)null, WakeTimes.After);
}
