using Hypervize.Proxy.Keys;
using Microsoft.AspNetCore.Http.Features;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>
/// Requests that services are answering. Most are for a moment. What stays open ends with its key, within two seconds; and when the proxy leaves, streams of
/// events and upgraded connections end, whose clients come back elsewhere.
/// </summary>
public sealed class OpenRequests : IDisposable
{
    private const string Events = "text/event-stream";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // What takes no longer is let through: it may be the answer to the one who revoked the key.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);

    private readonly HashSet<Open> _open = [];
    private readonly KeyRing _ring;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _looks, _leaves;

    /// <summary>None yet.</summary>
    /// <param name="ring">The keys that are good.</param>
    /// <param name="time">Time.</param>
    public OpenRequests(KeyRing ring, TimeProvider time)
    {
        (_ring, _time) = (ring, time);
        _timer = time.CreateTimer(_ => LookAround(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets a request through, and keeps an eye on it until it is answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">Its key; null when it needs none.</param>
    /// <param name="next">The rest of the way.</param>
    public async Task ServeAsync(HttpContext context, KnownKey? key, RequestDelegate next)
    {
        var it = new Open(context, key, _time.GetTimestamp());
        lock (_open)
        {
            _open.Add(it);
            LookLater();
        }
        try
        {
            await next(context);
        }
        finally
        {
            // From here on its context may be another request's.
            lock (_open) _open.Remove(it);
        }
    }

    /// <summary>Ends streams of events and upgraded connections, also those that begin later.</summary>
    public void Leave()
    {
        lock (_open) _leaves = true;
        LookAround();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void LookAround()
    {
        lock (_open)
        {
            _looks = false;
            Open[] ended = [.. Revoked(), .. _leaves ? _open.Where(o => o.IsStream) : []];
            foreach (var it in ended) it.End();
            LookLater();
        }
    }

    private IEnumerable<Open> Revoked()
    {
        var revision = _ring.Revision;
        var due = _open.Where(o => o.Key is not null && o.CheckedAt != revision && (o.IsStream || _time.GetElapsedTime(o.Since) > Moment)).ToArray();
        if (due.Length == 0) return [];
        var good = _ring.Ids();
        foreach (var it in due) it.CheckedAt = revision;
        return due.Where(o => !good.Contains(o.Key!.Id));
    }

    // No timer runs while nothing is open.
    private void LookLater()
    {
        if (_looks || _open.Count == 0) return;
        _looks = true;
        _timer.Change(Look, Timeout.InfiniteTimeSpan);
    }

    private sealed class Open
    {
        private readonly IHttpRequestLifetimeFeature _life;
        private volatile bool _isStream;

        public Open(HttpContext context, KnownKey? key, long since)
        {
            (Key, Since, _life) = (key, since, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>());
            _isStream = context.Request.Headers.Accept.ToString().Contains(Events, StringComparison.OrdinalIgnoreCase);
            context.Response.OnStarting(() =>
            {
                _isStream |= context.Response.StatusCode == StatusCodes.Status101SwitchingProtocols
                    || context.Response.ContentType?.StartsWith(Events, StringComparison.OrdinalIgnoreCase) is true;
                return Task.CompletedTask;
            });
        }

        public KnownKey? Key { get; }

        public long Since { get; }

        /// <summary>Whether it goes on for as long as both sides like: a stream of events, or an upgraded connection.</summary>
        public bool IsStream => _isStream;

        /// <summary>The revision of the ring by which its key is good; none at first, for the key may have been revoked while the request came in.</summary>
        public int CheckedAt { get; set; } = -1;

        public void End() => _life.Abort();
    }
}
