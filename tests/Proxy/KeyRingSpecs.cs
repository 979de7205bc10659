using Hypervize.Contracts;
using Hypervize.Proxy.Keys;

namespace Hypervize.Proxy.Tests;

public sealed class KeyRingSpecs
{
    private readonly string _key = Some.NewKey();
    private readonly KeyRing _ring = new();

    [Fact]
    public void A_key_is_known_until_it_is_revoked()
    {
        _ring.Hold("acct-1", [Some.Key(_key, KeyScope.Inference)]);
        Assert.True(_ring.TryAuthenticate(_key, out var known));
        Assert.Equal((_key[..13], "acct-1"), (known.Caller.Name, known.Caller.AccountId));
        Assert.Equal([KeyScope.Inference], known.Caller.Scopes);

        _ring.Hold("acct-1", []);
        Assert.False(_ring.TryAuthenticate(_key, out _));
        Assert.Equal(0, _ring.Count);
    }

    [Theory, InlineData(""), InlineData("hvz_live_"), InlineData("\u0000"), InlineData("🔑🔑🔑")]
    public void What_is_no_key_is_nobodys(string key)
    {
        _ring.Hold("acct-1", [Some.Key(_key)]);
        Assert.False(_ring.TryAuthenticate(key, out _));
        Assert.False(_ring.TryAuthenticate(_key.AsSpan()[..^1], out _));
        Assert.False(_ring.TryAuthenticate(_key + "0", out _));
        Assert.False(_ring.TryAuthenticate(new string('x', 100_000), out _));
    }

    [Fact]
    public void A_caller_stays_the_same_while_its_key_does()
    {
        _ring.Hold("acct-1", [Some.Key(_key)]);
        _ring.TryAuthenticate(_key, out var before);
        _ring.Hold("acct-1", [Some.Key(_key), Some.Key(Some.NewKey())]);
        _ring.TryAuthenticate(_key, out var after);
        Assert.Same(before, after);
    }

    [Fact]
    public void A_change_of_one_account_leaves_the_others_alone()
    {
        _ring.Hold("acct-1", [Some.Key(_key)]);
        _ring.Hold("acct-2", [Some.Key(Some.NewKey())]);
        _ring.Hold("acct-2", []);
        Assert.True(_ring.TryAuthenticate(_key, out _));
    }
}
