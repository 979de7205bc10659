using System.Collections.Concurrent;

namespace Hypervize.Dashboard.Sessions;

/// <summary>Sessions that were signed out: their cookies, wherever a copy is kept, and their open pages are good no longer.</summary>
/// <param name="settings">How long a session can last.</param>
/// <param name="time">Time.</param>
public sealed class EndedSessions(DashboardSettings settings, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    /// <summary>Raised with the id of a session that ends.</summary>
    public event Action<string>? Ended;

    /// <summary>Ends a session.</summary>
    /// <param name="id">Its id.</param>
    public void End(string id)
    {
        var now = time.GetUtcNow();
        foreach (var (old, _) in _ended.Where(e => e.Value < now - TimeSpan.FromHours(settings.SessionHours))) _ended.TryRemove(old, out _);
        _ended[id] = now;
        Ended?.Invoke(id);
    }

    /// <summary>Whether a session was ended.</summary>
    /// <param name="id">Its id.</param>
    public bool HasEnded(string id) => _ended.ContainsKey(id);
}
