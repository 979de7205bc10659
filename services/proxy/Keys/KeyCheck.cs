using System.Runtime.CompilerServices;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Keys;

/// <summary>What came of checking a request's key.</summary>
public enum KeyVerdict
{
    /// <summary>It is a good key.</summary>
    Good,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>No account has such a key, or it was revoked.</summary>
    Unknown,

    /// <summary>This proxy has been cut off for so long that it can't tell which keys were revoked.</summary>
    Stale,

    /// <summary>This proxy knows no keys yet.</summary>
    NotReady,
}

/// <summary>Why a key was not accepted.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record KeyRefusal(int Status, string Code, string Message);

/// <summary>Checks the key of a request: <c>Authorization: Bearer …</c> or <c>x-api-key</c>.</summary>
/// <param name="ring">The keys that are good.</param>
/// <param name="table">Whether any are known yet.</param>
/// <param name="contact">How old that knowledge is.</param>
/// <param name="settings">How old it may be.</param>
/// <param name="time">Time.</param>
public sealed class KeyCheck(KeyRing ring, RoutingTable table, Contact contact, ProxySettings settings, TimeProvider time)
{
    private const string Scheme = "Bearer ";
    private const int Remembered = 16 * 1024;

    // Kestrel gives the same string for a header that a connection sends again: who sent it is known then, without hashing the key again. Each has two
    // places, so that two connections that share one do not drive each other out with every request.
    private readonly Answer?[] _recent = new Answer?[Remembered];
    private readonly TimeSpan _maxAge = TimeSpan.FromSeconds(settings.KeysMaxAgeSeconds);

    /// <summary>Whether the last contact is so long ago that no key is accepted.</summary>
    public bool IsStale => !contact.BusIsUp && time.GetUtcNow() - contact.Last > _maxAge;

    /// <summary>Checks a request's key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="known">The key, when it is good.</param>
    public KeyVerdict Check(HttpRequest request, out KnownKey? known)
    {
        known = null;
        var key = Key(request.Headers, out var header);
        if (key.IsEmpty) return KeyVerdict.Missing;
        if (!table.IsPresent) return KeyVerdict.NotReady;
        if (IsStale) return KeyVerdict.Stale;

        var revision = ring.Revision;
        var place = RuntimeHelpers.GetHashCode(header) & (Remembered - 1);
        ref var recent = ref _recent[place];
        ref var beside = ref _recent[place ^ 1];
        known = Recall(ref recent, header, revision) ?? Recall(ref beside, header, revision);
        if (known is not null) return KeyVerdict.Good;
        if (!ring.TryAuthenticate(key, out known)) return KeyVerdict.Unknown;
        Volatile.Write(ref beside, Volatile.Read(ref recent));
        Volatile.Write(ref recent, new(header, revision, known));
        return KeyVerdict.Good;
    }

    /// <summary>Says why a key was not accepted.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <returns>Null for a good one.</returns>
    public static KeyRefusal? Refusal(KeyVerdict verdict) => verdict switch
    {
        KeyVerdict.Good => null,
        KeyVerdict.Missing => new(401, "key_missing", "Send your API key as Authorization: Bearer hvz_live_..., or as x-api-key."),
        KeyVerdict.Unknown => new(401, "key_invalid", "This API key is not known, or was revoked. Send a key that is in use."),
        KeyVerdict.Stale => new(503, "keys_stale", "This proxy has been cut off for too long to know which keys are still good. Try again shortly."),
        KeyVerdict.NotReady => new(503, "platform_unavailable", "The platform is starting, or its control plane can't be reached. Try again shortly."),
    };

    private static KnownKey? Recall(ref Answer? place, string header, int revision) =>
        Volatile.Read(ref place) is { } answer && ReferenceEquals(answer.Header, header) && answer.Revision == revision ? answer.Known : null;

    private static ReadOnlySpan<char> Key(IHeaderDictionary headers, out string header)
    {
        header = headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return header.AsSpan(Scheme.Length).Trim();
        header = headers["x-api-key"].ToString();
        return header;
    }

    private sealed record Answer(string Header, int Revision, KnownKey Known);
}
