using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Proxy.FrontDoor;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

/// <summary>Signed identities, used for a while.</summary>
public sealed class IdentityCacheSpecs
{
    private static readonly Caller Caller = new("hvz_live_test", "acct-000000000001", [KeyScope.Manage]);
    private readonly FakeTimeProvider _time = new(Some.Noon);
    private readonly IdentityCache _cache;

    public IdentityCacheSpecs() => _cache = new(new(new IdentitySettings { SigningKey = Convert.ToBase64String(new byte[32]) }, _time), _time);

    [Fact]
    public void One_is_used_for_twenty_seconds()
    {
        var first = _cache.TokenOf(Caller);
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(first, _cache.TokenOf(Caller));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotEqual(first, _cache.TokenOf(Caller));
    }

    /// <summary>It would be good for nobody before its own time.</summary>
    [Fact]
    public void One_that_was_signed_before_the_clock_was_set_back_is_used_no_more()
    {
        var first = _cache.TokenOf(Caller);
        _time.AdjustTime(Some.Noon.AddHours(-1));
        Assert.NotEqual(first, _cache.TokenOf(Caller));
    }
}
