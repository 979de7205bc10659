using CsCheck;
using Hypervize.Proxy.Limits;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>How proxies divide a limit.</summary>
public sealed class LimitShareSpecs
{
    [Fact]
    public void One_proxy_has_it_all() => Assert.Equal(7, LimitShare.Of(7, [("a", 0)], "a"));

    [Fact]
    public void Proxies_that_were_asked_for_nothing_have_equal_parts() =>
        Assert.Equal((30, 30), (LimitShare.Of(60, [("a", 0), ("b", 0)], "a"), LimitShare.Of(60, [("b", 0), ("a", 0)], "b")));

    [Fact]
    public void A_proxy_that_was_asked_for_nothing_has_room_for_who_comes() => Assert.Equal(15, LimitShare.Of(60, [("a", 100), ("b", 0)], "b"));

    [Fact]
    public void The_last_place_goes_to_who_was_asked_for_most() =>
        Assert.Equal((0, 1), (LimitShare.Of(1, [("a", 1), ("b", 2)], "a"), LimitShare.Of(1, [("a", 1), ("b", 2)], "b")));

    [Fact]
    public void Before_they_speak_proxies_have_equal_parts_that_add_up() =>
        Gen.Select(Gen.Int[0, 100], Gen.Int[1, 8]).Sample((whole, count) =>
        {
            string[] proxies = [.. Enumerable.Range(0, count).Select(i => $"proxy-{i}")];
            int[] parts = [.. LimitShare.Equal(whole, "key-1", proxies).Values];
            Assert.Equal(whole, parts.Sum());
            Assert.InRange(parts.Max() - parts.Min(), 0, 1);
        });

    [Fact]
    public void All_parts_add_up_to_the_whole() =>
        Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 500].Array[1, 8]).Sample((whole, asked) =>
        {
            (string, int)[] proxies = [.. asked.Select((a, i) => ($"proxy-{i}", a))];
            Assert.Equal(whole, proxies.Sum(p => LimitShare.Of(whole, proxies, p.Item1)));
            Assert.All(proxies, p => Assert.True(LimitShare.Of(whole, proxies, p.Item1) >= LimitShare.Least(whole, proxies.Length)));
        });
}

/// <summary>What happened in the last minute.</summary>
public sealed class MinuteWindowSpecs
{
    [Fact]
    public void What_is_older_than_a_minute_does_not_count()
    {
        var window = new MinuteWindow();
        window.MoveTo(100);
        window.Add(3);
        window.MoveTo(159);
        Assert.Equal((3, 1), (window.Total, window.SecondsUntilBelow(3)));
        window.MoveTo(160);
        Assert.Equal((0, 0), (window.Total, window.SecondsUntilBelow(3)));
    }

    [Fact]
    public void It_is_what_a_list_of_times_says() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 5]).List[1, 60].Sample(steps =>
        {
            var (window, now, times) = (new MinuteWindow(), 0L, new List<long>());
            foreach (var (passed, happened) in steps)
            {
                now += passed;
                window.MoveTo(now);
                window.Add(happened);
                times.AddRange(Enumerable.Repeat(now, happened));
                var counted = times.Where(t => t > now - 60).ToList();
                Assert.Equal(counted.Count, window.Total);
                for (var below = 1; below <= counted.Count; below++)
                    Assert.Equal(counted[counted.Count - below] + 60 - now, window.SecondsUntilBelow(below));
                Assert.Equal(counted.Count == 0 ? 0 : counted[^1] + 60 - now, window.SecondsUntilEmpty());
            }
        });
}
