using Hypervize.Provisioner.Capacity;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>What the proxies' reports, and their silence, say.</summary>
public sealed class ProxyViewSpecs
{
    private static readonly ProxyView Listening = ProxyView.Deaf.Listening(Noon);

    [Fact]
    public void Silence_says_nothing_before_one_has_listened_for_a_while()
    {
        Assert.False(ProxyView.Deaf.KnowsAll(At(100)));
        Assert.False(Listening.KnowsAll(At(2.9)));
        Assert.True(Listening.KnowsAll(At(3)));
    }

    [Fact]
    public void Every_live_proxy_must_have_let_go()
    {
        var view = Listening.Hear(Report("one", 1, Routes(5, ("node-a", 0))), At(10)).Hear(Report("two", 1, Routes(4, ("node-a", 0))), At(10));
        Assert.False(view.AllLetGo(Endpoint, Release("node-a", version: 5), At(10)));
        Assert.True(view.Hear(Report("two", 2, Routes(5, ("node-a", 0))), At(11)).AllLetGo(Endpoint, Release("node-a", version: 5), At(11)));
    }

    [Fact]
    public void A_proxy_that_left_in_order_is_not_asked() =>
        Assert.True(Listening.Hear(Report("one", 1, Routes(4)), At(10)).Hear(Report("one", 2) with { Leaving = true }, At(11)).AllLetGo(Endpoint, Release("node-a", 5), At(11)));

    [Fact]
    public void A_proxy_that_is_silent_for_five_seconds_is_gone()
    {
        var view = Listening.Hear(Report("one", 1, Routes(4)), At(10));
        Assert.True(view.KnowsAny(At(15)));
        Assert.False(view.AllLetGo(Endpoint, Release("node-a", 5), At(15)));
        Assert.True(view.AllLetGo(Endpoint, Release("node-a", 5), At(15.1)));
        Assert.False(view.KnowsAny(At(15.1)));
    }

    [Fact]
    public void A_report_that_comes_again_or_late_says_nothing()
    {
        var view = Listening.Hear(Report("one", 2, Routes(5, ("node-a", 1))), At(10));
        Assert.Same(view, view.Hear(Report("one", 2, Routes(5, ("node-a", 0))), At(11)));
        Assert.Same(view, view.Hear(Report("one", 1, Routes(5, ("node-a", 0))), At(11)));
    }

    [Fact]
    public void Proxies_that_are_long_gone_are_forgotten() =>
        Assert.Equal(["two"], Listening.Hear(Report("one", 1), At(10)).Hear(Report("two", 1), At(71)).Proxies.Keys);
}
