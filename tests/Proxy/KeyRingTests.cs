using System.Security.Cryptography;
using System.Text;
using Hypervize.Contracts;
using Hypervize.Proxy.Keys;

namespace Hypervize.Proxy.Tests;

public class KeyRingTests
{
    private const string Key = "hvz_live_0123456789abcdefghijABCDEFGHIJxyz";

    [Fact]
    public void A_key_is_known_until_it_is_revoked()
    {
        var ring = new KeyRing();
        ring.Hold("acct-1", [Held(Key, KeyScope.Inference)]);

        Assert.True(ring.TryAuthenticate(Key, out var caller));
        Assert.Equal(("hvz_live_0123", "acct-1"), (caller.Name, caller.AccountId));
        Assert.False(ring.TryAuthenticate(Key + "0", out _));

        ring.Hold("acct-1", []);
        Assert.False(ring.TryAuthenticate(Key, out _));
        Assert.Equal(0, ring.Count);
    }

    internal static ApiKey Held(string key, params KeyScope[] scopes) =>
        new($"key-{key[^4..]}", "test", key[..13], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))), scopes, DateTimeOffset.UnixEpoch);
}
