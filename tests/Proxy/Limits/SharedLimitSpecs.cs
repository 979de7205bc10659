using Hypervize.Proxy.Limits;
using Microsoft.Extensions.Time.Testing;
using static Hypervize.Proxy.Tests.Limits.ProxyStandIn;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>Limits that proxies hold together. Time is moved by the test; each second the proxies exchange reports.</summary>
public sealed class SharedLimitSpecs
{
    private readonly FakeTimeProvider _time = new(Some.Noon);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Proxies_together_let_in_no_more_than_the_limit_however_requests_are_spread(int count)
    {
        var random = new Random(count);
        for (var run = 0; run < 30; run++)
        {
            var proxies = Cluster(count);
            var (limit, weights) = (random.Next(1, 200), proxies.Select(_ => random.NextDouble()).ToArray());
            var letIn = new List<(int Second, int Count)>();
            for (var second = 0; second < 130; second++)
            {
                letIn.Add((second, proxies.Select((p, i) => Enumerable.Range(0, (int)(weights[i] * 40)).Count(_ => p.Admits(Key(new(limit))) && p.End())).Sum()));
                Pass(1, proxies);
                Assert.InRange(letIn.Where(l => l.Second > second - 60).Sum(l => l.Count), 0, limit);
            }
            // And what may be made is made, though it be asked for at one proxy alone.
            Assert.True(letIn.Sum(l => l.Count) >= Math.Min(limit, letIn.Count), $"{letIn.Sum(l => l.Count)} of {limit}");
        }
    }

    /// <summary>Proxies have their turns at other moments of each second, between which requests come; and forget the limit in idle minutes.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void However_requests_fall_between_their_reports_proxies_together_let_in_no_more_than_the_limit(int count)
    {
        var random = new Random(count);
        for (var run = 0; run < 100; run++)
        {
            var (proxies, limit, letIn) = (Cluster(count), random.Next(1, 60), new List<int>());
            for (var second = 0; second < 300; second++)
            {
                var isIdle = second % 150 > random.Next(60, 80);
                _time.Advance(TimeSpan.FromSeconds(1));
                letIn.Add(0);
                foreach (var next in proxies)
                {
                    for (var i = isIdle ? 0 : random.Next(6); i > 0; i--)
                        if (proxies[random.Next(count)] is var asked && asked.Admits(Key(new(limit))) && asked.End()) letIn[second]++;
                    next.Exchange(proxies);
                }
                Assert.InRange(letIn.TakeLast(60).Sum(), 0, limit);
            }
            Assert.True(letIn.Sum() >= limit, $"{letIn.Sum()} of {limit}");
        }
    }

    /// <summary>The broker is slow, or a proxy is: what one said is heard by each other after up to two more of everybody's turns.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void However_late_they_hear_of_each_other_proxies_together_let_in_no_more_than_the_limit(int count)
    {
        var random = new Random(count);
        for (var run = 0; run < 100; run++)
        {
            var (proxies, limit, letIn) = (Cluster(count), random.Next(1, 60), new List<int>());
            for (var second = 0; second < 300; second++)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                letIn.Add(0);
                foreach (var next in proxies)
                {
                    for (var i = random.Next(6); i > 0; i--)
                        if (proxies[random.Next(count)] is var asked && asked.Admits(Key(new(limit))) && asked.End()) letIn[second]++;
                    foreach (var proxy in proxies) proxy.HearSome(random.Next(6));
                    next.ExchangeUnheard(proxies);
                }
                Assert.InRange(letIn.TakeLast(60).Sum(), 0, limit);
            }
            Assert.True(letIn.Sum() >= limit, $"{letIn.Sum()} of {limit}");
        }
    }

    [Fact]
    public void However_proxies_join_and_leave_together_they_let_in_no_more_than_the_limit()
    {
        var random = new Random(1);
        for (var run = 0; run < 100; run++)
        {
            var (proxies, limit, letIn) = (Cluster(2).ToList(), random.Next(1, 200), new List<int>());
            for (var second = 0; second < 200; second++)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                letIn.Add(0);
                // Several may come at once. One that leaves serves until it is gone.
                for (var joining = random.Next(30) == 0 ? random.Next(1, 4) : 0; joining > 0 && proxies.Count < 7; joining--) proxies.Add(new($"proxy-{run}-{second}-{joining}", _time));
                if (random.Next(20) == 0 && proxies.Count > 1)
                {
                    proxies[0].Leave([.. proxies]);
                    proxies.RemoveAt(0);
                }
                foreach (var next in proxies)
                {
                    for (var i = random.Next(8); i > 0; i--)
                        if (proxies[random.Next(proxies.Count)] is { IsSettled: true } asked && asked.Admits(Key(new(limit))) && asked.End()) letIn[second]++;
                    next.Exchange([.. proxies]);
                }
                Assert.InRange(letIn.TakeLast(60).Sum(), 0, limit);
            }
        }
    }

    [Fact]
    public void Proxies_together_have_no_more_under_way_than_the_limit()
    {
        var random = new Random(1);
        for (var run = 0; run < 30; run++)
        {
            var proxies = Cluster(3);
            var limit = random.Next(1, 40);
            for (var step = 0; step < 60; step++)
            {
                foreach (var proxy in proxies)
                    for (var i = random.Next(10); i > 0; i--)
                    {
                        if (random.Next(2) == 0) proxy.Admits(Key(new(Concurrent: limit)));
                        else proxy.End();
                    }
                Assert.InRange(proxies.Sum(p => p.UnderWay), 0, limit);
                Pass(1, proxies);
            }
        }
    }

    [Theory]
    [InlineData(1000, null)]
    [InlineData(null, 1000)]
    public void A_proxy_that_has_only_heard_of_a_limit_lets_requests_in_at_once(int? perMinute, int? concurrent)
    {
        var (proxies, key) = (Cluster(2), Key(new(perMinute, concurrent)));
        for (var minutes = 0; minutes < 2; minutes++)
        {
            Assert.True(proxies[0].Admits(key) && proxies[0].End());
            _time.Advance(TimeSpan.FromSeconds(1));
            proxies[0].Exchange(proxies); // The other has heard of it, and has not had its turn.
            Assert.True(proxies[1].Admits(key) && proxies[1].End(), proxies[1].Refusal?.Message);
            Pass(120, proxies); // All of them forget it.
        }
    }

    /// <summary>One place for three proxies: two have none of it when they begin.</summary>
    [Theory]
    [InlineData(0, 1, null), InlineData(1, 1, null), InlineData(2, 1, null)]
    [InlineData(0, null, 1), InlineData(1, null, 1), InlineData(2, null, 1)]
    public void Whichever_proxy_is_asked_alone_has_what_the_others_do_not_need(int asked, int? perMinute, int? concurrent)
    {
        var (proxies, key) = (Cluster(3), Key(new(perMinute, concurrent)));
        Pass(5, proxies);
        if (proxies[asked].Admits(key)) return;
        Pass(6, proxies); // It tries once more, some seconds later.
        Assert.True(proxies[asked].Admits(key), proxies[asked].Refusal?.Message);
    }

    [Fact]
    public void All_that_may_be_under_way_may_be_so_at_one_proxy()
    {
        var (proxies, key) = (Cluster(3), Key(new(Concurrent: 100)));
        for (var second = 0; second < 90; second++)
        {
            while (proxies[1].Admits(key)) { }
            Pass(1, proxies);
        }
        Assert.Equal(100, proxies[1].UnderWay);
    }

    [Fact]
    public void Of_keys_the_others_are_told_before_addresses()
    {
        var proxy = Alone();
        Assert.True(proxy.Admits(Key(new(10))));
        for (var i = 0; i < 3_000; i++) Assert.All(Enumerable.Range(0, 2), _ => Assert.True(proxy.Admits(null, address: $"10.0.{i / 250}.{i % 250}")));
        Pass(1, proxy);
        Assert.Equal((2_000, "key-1"), (proxy.Said!.Limits!.Count, proxy.Said.Limits[0].Subject));
        Pass(1, proxy);
        Assert.Contains(proxy.Said.Limits!, u => u.Subject == "key-1");
    }

    [Fact]
    public void Of_more_addresses_than_can_be_known_those_that_are_new_share_the_limits_of_one()
    {
        var (proxy, endpoint) = (Alone(), Endpoint(new(null, null, new(RequestsPerMinute: 1))));
        for (var i = 0; i <= RequestLimiter.MostKnown; i++) Assert.True(proxy.Admits(null, endpoint, new System.Net.IPAddress(i + 1).ToString()) && proxy.End());
        Pass(1, proxy);
        Assert.True(proxy.Admits(null, endpoint, "250.0.0.1") && proxy.End());
        Assert.False(proxy.Admits(null, endpoint, "250.0.0.2"));
        Assert.False(proxy.Admits(null, endpoint, new System.Net.IPAddress(7).ToString()));
        _time.Advance(TimeSpan.FromSeconds(61));
        Pass(1, proxy);
        Assert.True(proxy.Admits(null, endpoint, "250.0.0.3"));
        Assert.True(proxy.Admits(null, endpoint, "250.0.0.4"));
    }

    [Fact]
    public void A_proxy_that_left_leaves_its_part_to_the_others()
    {
        var proxies = Cluster(2);
        proxies[1].Leave(proxies[0]);
        Pass(1, proxies[0]);
        Assert.Equal(10, Enumerable.Range(0, 20).Count(_ => proxies[0].Admits(Key(new(10)))));
    }

    [Fact]
    public void A_proxy_that_starts_has_its_part_of_what_others_held_by_the_time_it_is_settled()
    {
        var (old, key) = (Alone(), Key(new(1_000)));
        Pass(1, old);
        Assert.True(old.Admits(key));
        Pass(1, old);
        var young = new ProxyStandIn("young", _time);
        for (var second = 0; !young.IsSettled; second++)
        {
            Assert.InRange(second, 0, 5);
            Pass(1, old, young);
        }
        Assert.All(Enumerable.Range(0, 200), _ => Assert.True(young.Admits(key)));
    }

    /// <summary>A machine with too much to do: reports take longer than the second in which they are made.</summary>
    [Fact]
    public void A_proxy_that_starts_waits_until_the_others_say_that_they_made_room()
    {
        var (old, young, key) = (Alone(), new ProxyStandIn("young", _time), Key(new(1_000)));
        Pass(1, old);
        Assert.True(old.Admits(key));
        for (var second = 0; second < 8; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            old.Exchange(old, young);
            young.Exchange(young);
        }
        Assert.False(young.IsSettled);
        Pass(2, young, old);
        Assert.True(young.IsSettled);
        Assert.All(Enumerable.Range(0, 200), _ => Assert.True(young.Admits(key)));
    }

    [Theory]
    [InlineData(1000, null)]
    [InlineData(null, 1000)]
    public void Proxies_that_start_together_take_nothing_at_once_from_those_that_serve(int? perMinute, int? concurrent)
    {
        var (serving, key) = (Cluster(2), Key(new(perMinute, concurrent)));
        Assert.All(serving, p => Assert.True(p.Admits(key) && p.End()));
        Pass(2, serving);
        ProxyStandIn[] young = [.. Enumerable.Range(0, 3).Select(i => new ProxyStandIn($"young-{i}", _time))];
        ProxyStandIn[] all = [.. serving, .. young];
        for (var second = 0; second < 6; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            foreach (var proxy in all) proxy.Exchange(all);
            Assert.All(serving, p => Assert.True(p.Admits(key) && p.End(), p.Refusal?.Message));
        }
        Assert.All(young, p => Assert.True(p.IsSettled && p.Admits(key), p.Refusal?.Message));
    }

    private ProxyStandIn Alone() => new("a", _time);

    private ProxyStandIn[] Cluster(int count) => ProxyStandIn.Cluster(_time, count);

    private void Pass(int seconds, params ProxyStandIn[] proxies) => ProxyStandIn.Pass(_time, seconds, proxies);
}
