using Hypervize.Hosting;
using Hypervize.Proxy.Keys;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>Refused keys as problem details.</summary>
public static class KeyRefusals
{
    /// <summary>What <c>WWW-Authenticate</c> says beside a 401 (RFC 6750); null beside another status.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string? Challenge(KeyVerdict verdict) => verdict switch
    {
        KeyVerdict.Missing => "Bearer realm=\"hypervize\"",
        KeyVerdict.Unknown => "Bearer realm=\"hypervize\", error=\"invalid_token\"",
        KeyVerdict.Good or KeyVerdict.Stale or KeyVerdict.NotReady => null,
    };

    /// <summary>Answers a request whose key was refused.</summary>
    /// <param name="context">The request.</param>
    /// <param name="verdict">The verdict.</param>
    /// <param name="refusal">Why.</param>
    public static Task WriteAsync(HttpContext context, KeyVerdict verdict, KeyRefusal refusal)
    {
        if (Challenge(verdict) is { } challenge) context.Response.Headers.WWWAuthenticate = challenge;
        return Problems.From(refusal.Status, refusal.Code, refusal.Message).ExecuteAsync(context);
    }
}
