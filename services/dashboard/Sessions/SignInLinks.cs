using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Hypervize.Dashboard.Sessions;

/// <summary>A link that signs in once.</summary>
/// <param name="Session">Who is signed in by it.</param>
/// <param name="To">The page it leads to: a path below the dashboard's.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
public sealed record SignInLink(Session Session, string To, DateTimeOffset ExpiresAt);

/// <summary>Links that sign in once. They are kept in memory only, by this replica.</summary>
/// <param name="time">Time.</param>
public sealed class SignInLinks(TimeProvider time)
{
    /// <summary>How long a link is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const int Most = 10_000;
    private readonly ConcurrentDictionary<string, SignInLink> _links = new(StringComparer.Ordinal);

    /// <summary>Makes a link.</summary>
    /// <param name="session">Who is signed in by it.</param>
    /// <param name="to">The page it leads to.</param>
    /// <returns>Its token and itself; null when there are too many already.</returns>
    public (string Token, SignInLink Link)? Make(Session session, string to)
    {
        var now = time.GetUtcNow();
        foreach (var (old, link) in _links) if (link.ExpiresAt <= now) _links.TryRemove(old, out _);
        if (_links.Count >= Most) return null;
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, _links[token] = new(session, to, now + Lifetime));
    }

    /// <summary>Looks at a link, which stays good.</summary>
    /// <param name="token">Its token.</param>
    public SignInLink? Find(string token) => _links.TryGetValue(token, out var link) && link.ExpiresAt > time.GetUtcNow() ? link : null;

    /// <summary>Uses a link up.</summary>
    /// <param name="token">Its token.</param>
    public SignInLink? Use(string token) => _links.TryRemove(token, out var link) && link.ExpiresAt > time.GetUtcNow() ? link : null;
}
