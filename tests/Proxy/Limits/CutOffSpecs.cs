using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Microsoft.Extensions.Time.Testing;
using static Hypervize.Proxy.Tests.Limits.ProxyStandIn;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>Limits that proxies hold together while some of them can't hear the others, come back, or are gone.</summary>
public sealed class CutOffSpecs
{
    private readonly FakeTimeProvider _time = new(Some.Noon);

    [Fact]
    public void A_report_that_waited_ten_minutes_for_the_broker_does_not_count_as_if_all_of_it_were_of_now()
    {
        var (proxies, key) = (Cluster(2), Key(new(100)));
        foreach (var proxy in proxies) proxy.Contact.BusWentDown();
        for (var second = 0; second < 600; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (second % 6 == 0) Assert.All(proxies, p => Assert.True(p.Admits(key) && p.End()));
            foreach (var proxy in proxies) proxy.SaysNothing();
        }
        foreach (var proxy in proxies) proxy.Contact.BusCameUp();
        Pass(2, proxies);
        Assert.All(proxies, p => Assert.True(p.Admits(key), p.Refusal?.Message));
    }

    [Fact]
    public void Who_hears_the_broker_again_before_the_others_leaves_them_what_they_have()
    {
        var (proxies, key) = (Cluster(2), Key(new(20)));
        Assert.All(proxies, p => Assert.True(p.Admits(key)));
        Pass(3, proxies);
        foreach (var proxy in proxies) proxy.Contact.BusWentDown();
        for (var second = 0; second < 60; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            foreach (var proxy in proxies) proxy.SaysNothing();
        }
        proxies[0].Contact.BusCameUp();
        var letIn = 0;
        for (var second = 0; second < 8; second++)
        {
            while (proxies[0].Admits(key)) letIn++;
            Pass(1, proxies[0]);
        }
        Assert.InRange(letIn, 1, 10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_proxy_that_speaks_but_hears_nobody_does_not_keep_the_turn(int seconds)
    {
        var (proxies, key) = ThreeThatAreAsked(seconds);
        var letIn = 0;
        for (var second = 0; second < 15; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            while (proxies[0].Admits(key)) letIn++;
            proxies[0].Exchange(proxies[0], proxies[2]);
            proxies[1].Exchange(proxies[0], proxies[2]);
            proxies[2].Exchange(proxies[0], proxies[2]);
        }
        Assert.InRange(letIn, 17, 20);
    }

    [Fact]
    public void Who_has_the_turn_waits_for_what_the_one_before_said_whoever_told_of_the_turn()
    {
        var (first, next) = (new LimitTurns("a"), new LimitTurns("b"));
        Assert.True(first.IsOwn(["b", "c"], new Dictionary<string, long>()));
        first.Pass(["b", "c"], new Dictionary<string, long> { ["b"] = 3, ["c"] = 3 });
        next.Hear(first.In(7));
        Assert.False(next.IsOwn(["a", "c"], new Dictionary<string, long> { ["a"] = 6, ["c"] = 3 }));
        Assert.True(next.IsOwn(["a", "c"], new Dictionary<string, long> { ["a"] = 7, ["c"] = 3 }));
    }

    [Fact]
    public void While_nobody_can_be_heard_the_others_are_taken_to_be_there()
    {
        var proxies = Cluster(2);
        proxies[0].Contact.BusWentDown();
        Pass(30, proxies[0]);
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => proxies[0].Admits(Key(new(10)))));
    }

    [Fact]
    public void While_nobody_can_be_heard_a_proxys_own_part_comes_back_to_it_after_a_minute()
    {
        var (proxies, key) = (Cluster(2), Key(new(10)));
        proxies[0].Contact.BusWentDown();
        for (var minute = 0; minute < 3; minute++)
        {
            Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => proxies[0].Admits(key) && proxies[0].End()));
            Pass(61, proxies[0]);
        }
    }

    /// <summary>A machine that was suspended, or had far too much to do.</summary>
    [Fact]
    public void A_proxy_that_stood_still_does_not_take_what_the_others_have_before_it_has_heard_them()
    {
        var (proxies, key) = (Cluster(2), Key(new(20)));
        Assert.All(proxies, p => Assert.True(p.Admits(key)));
        Pass(3, proxies);
        for (var second = 0; second < 10; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            proxies[1].ExchangeUnheard(proxies);
            proxies[1].HearSome(1);
        }
        proxies[0].ExchangeUnheard(proxies);
        Assert.Equal(9, Enumerable.Range(0, 20).Count(_ => proxies[0].Admits(key)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void When_a_proxy_dies_whose_turn_it_was_the_others_share_what_it_had(int seconds)
    {
        var (proxies, key) = ThreeThatAreAsked(seconds);
        var living = proxies[1..];
        Pass(12, living);
        Assert.Equal(27, Enumerable.Range(0, 40).Count(i =>
        {
            if (i % 4 == 3) Pass(1, living);
            return living[i % 2].Admits(key);
        }));
    }

    [Fact]
    public void A_proxy_of_a_version_without_turns_is_not_waited_for()
    {
        var (proxies, key) = (Cluster(3), Key(new(30)));
        proxies[1].IsOfAnOldVersion();
        Pass(3, proxies);
        Assert.Equal(30, Enumerable.Range(0, 60).Count(i =>
        {
            Pass(i % 2, proxies);
            return proxies[0].Admits(key) && proxies[0].End();
        }));
    }

    [Fact]
    public void Proxies_that_were_cut_off_from_each_other_share_again_without_refusing()
    {
        var (proxies, key) = ((ProxyStandIn[])[new("a", _time), new("b", _time)], Key(new(Concurrent: 100)));
        foreach (var proxy in proxies)
        {
            Pass(3, proxy);
            Assert.True(proxy.Admits(key) && proxy.End());
            Pass(1, proxy);
        }
        for (var second = 0; second < 4; second++)
        {
            Pass(1, proxies);
            Assert.All(proxies, p => Assert.True(p.Admits(key) && p.End(), p.Refusal?.Message));
        }
        Assert.Equal(100, proxies.Sum(p => Enumerable.Range(0, 200).Count(_ => p.Admits(key))));
    }

    [Fact]
    public void A_proxy_that_hears_nobody_does_not_wait_to_be_heard()
    {
        var proxy = Alone();
        proxy.Contact.BusWentDown();
        Assert.False(proxy.IsSettled);
        Pass(6, proxy);
        Assert.True(proxy.IsSettled);
    }

    // Whose turn it is differs by the seconds that passed.
    private (ProxyStandIn[] Proxies, KnownKey Key) ThreeThatAreAsked(int seconds)
    {
        var (proxies, key) = (Cluster(3), Key(new(30)));
        Pass(seconds, proxies);
        Assert.All(proxies, p => Assert.True(p.Admits(key)));
        Pass(1, proxies);
        return (proxies, key);
    }

    private ProxyStandIn Alone() => new("a", _time);

    private ProxyStandIn[] Cluster(int count) => ProxyStandIn.Cluster(_time, count);

    private void Pass(int seconds, params ProxyStandIn[] proxies) => ProxyStandIn.Pass(_time, seconds, proxies);
}
