using Hypervize.Proxy.Limits;
using Microsoft.Extensions.Time.Testing;
using static Hypervize.Proxy.Tests.Limits.ProxyStandIn;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>The limits of one proxy. Time is moved by the test.</summary>
public sealed class RequestLimiterSpecs
{
    private readonly FakeTimeProvider _time = new(Some.Noon);

    [Fact]
    public void A_key_makes_as_many_requests_in_a_minute_as_it_may()
    {
        var proxy = Alone();
        Assert.Equal(5, Enumerable.Range(0, 8).Count(_ => proxy.Admits(Key(new(5)))));
        Assert.Equal(("rate_limit_exceeded", 60), (proxy.Refusal?.Code, proxy.Refusal?.RetryAfterSeconds));
        Pass(59, proxy);
        Assert.False(proxy.Admits(Key(new(5))));
        Pass(1, proxy);
        Assert.True(proxy.Admits(Key(new(5))));
    }

    [Fact]
    public void A_key_has_as_many_requests_under_way_as_it_may()
    {
        var proxy = Alone();
        Assert.Equal(2, Enumerable.Range(0, 3).Count(_ => proxy.Admits(Key(new(Concurrent: 2)))));
        Assert.Equal("concurrency_limit_exceeded", proxy.Refusal?.Code);
        proxy.End();
        Assert.True(proxy.Admits(Key(new(Concurrent: 2))));
    }

    [Fact]
    public void What_another_limit_refuses_counts_for_none()
    {
        var proxy = Alone();
        var full = Endpoint(new(Concurrent: 1));
        Assert.True(proxy.Admits(Key(new(2)), full));
        Assert.False(proxy.Admits(Key(new(2)), full));
        proxy.End();
        Assert.True(proxy.Admits(Key(new(2)), full));
    }

    [Fact]
    public void Answers_tell_what_is_left()
    {
        var proxy = Alone();
        proxy.Admits(Key(new(5)));
        Assert.Equal(("5", "4", "60s"), (proxy.Header("x-ratelimit-limit-requests"), proxy.Header("x-ratelimit-remaining-requests"), proxy.Header("x-ratelimit-reset-requests")));
    }

    [Fact]
    public void Addresses_of_a_public_endpoint_are_limited_each_by_itself()
    {
        var proxy = Alone();
        var open = Endpoint(new(PerAddress: new(1)));
        Assert.True(proxy.Admits(null, open, "10.0.0.1"));
        Assert.False(proxy.Admits(null, open, "10.0.0.1"));
        Assert.True(proxy.Admits(null, open, "10.0.0.2"));
        Assert.True(proxy.Admits(null, open, "2001:db8::1"));
        Assert.False(proxy.Admits(null, open, "2001:db8::2")); // One network is one client.
    }

    [Fact]
    public void What_a_client_says_of_its_address_is_not_believed()
    {
        var proxy = new ProxyStandIn("a", _time, new LimitSettings { ForwardedBy = 1 });
        var open = Endpoint(new(PerAddress: new(1)));
        Assert.True(proxy.Admits(null, open, "10.0.0.9", "1.1.1.1, 20.0.0.1"));
        Assert.False(proxy.Admits(null, open, "10.0.0.9", "2.2.2.2, 20.0.0.1"));
        Assert.True(proxy.Admits(null, open, "10.0.0.9", "20.0.0.2"));
    }

    private ProxyStandIn Alone() => new("a", _time);

    private void Pass(int seconds, ProxyStandIn proxy)
    {
        for (; seconds > 0; seconds--)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            proxy.Exchange(proxy);
        }
    }
}
