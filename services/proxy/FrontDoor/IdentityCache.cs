using System.Runtime.CompilerServices;
using Hypervize.Hosting;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>
/// Signed identities of callers, each used for twenty of the sixty seconds it is good for. A caller's goes with the caller: a key that
/// was revoked has none.
/// </summary>
/// <param name="issuer">Signs them.</param>
/// <param name="time">Time.</param>
public sealed class IdentityCache(IdentityIssuer issuer, TimeProvider time)
{
    private static readonly TimeSpan Used = IdentityIssuer.Lifetime / 3;
    private readonly ConditionalWeakTable<Caller, Issued> _issued = [];

    /// <summary>An identity of a caller, good for at least forty seconds.</summary>
    /// <param name="caller">The caller.</param>
    public string TokenOf(Caller caller)
    {
        var now = time.GetUtcNow();
        // One from the future is good for nobody yet: a clock may be set back.
        if (_issued.TryGetValue(caller, out var known) && now >= known.At && now - known.At < Used) return known.Token;
        var issued = new Issued(issuer.Issue(caller), now);
        _issued.AddOrUpdate(caller, issued);
        return issued.Token;
    }

    private sealed record Issued(string Token, DateTimeOffset At);
}
