using Hypervize.Dashboard.Platform;
using Hypervize.Dashboard.Sessions;

namespace Hypervize.Dashboard.Live;

/// <summary>A page's hold on a feed.</summary>
/// <param name="feed">The feed.</param>
/// <param name="letGo">Called once, when the page has gone.</param>
public sealed class FleetHold(FleetFeed feed, Action letGo) : IDisposable
{
    private Action? _letGo = letGo;

    /// <summary>The feed.</summary>
    public FleetFeed Feed => feed;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _letGo, null)?.Invoke();
}

/// <summary>One feed per key, as long as a page needs it and a little longer: a page that is loaded anew finds it there.</summary>
/// <param name="platform">The platform's API.</param>
/// <param name="time">Time.</param>
public sealed class FleetFeeds(PlatformAccess platform, TimeProvider time)
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(30);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (FleetFeed Feed, int Holds)> _feeds = new(StringComparer.Ordinal);

    /// <summary>Takes hold of the feed of a session's key.</summary>
    /// <param name="session">The session.</param>
    public FleetHold Hold(Session session)
    {
        lock (_lock)
        {
            var (feed, holds) = _feeds.GetValueOrDefault(session.Key);
            if (feed is null || feed.View.Status == FeedStatus.Ended) (feed, holds) = (new(platform.For(session), time), 0);
            _feeds[session.Key] = (feed, holds + 1);
            return new(feed, () => LetGo(session.Key, feed));
        }
    }

    private void LetGo(string key, FleetFeed feed) => _ = LetGoLaterAsync(key, feed);

    private async Task LetGoLaterAsync(string key, FleetFeed feed)
    {
        await Task.Delay(Linger, time);
        lock (_lock)
        {
            // Another one may have taken the place of one that ended.
            if (_feeds.TryGetValue(key, out var held) && held.Feed == feed)
            {
                if (held.Holds > 1)
                {
                    _feeds[key] = (feed, held.Holds - 1);
                    return;
                }
                _feeds.Remove(key);
            }
        }
        feed.Dispose();
    }
}
