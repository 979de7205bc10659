using System.Runtime.InteropServices;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Metrics;

/// <summary>
/// How often each endpoint was called in the last minutes, by the proxies' reports, whether its telemetry is on or not. In memory, and for each endpoint that was ever called the same few
/// hundred bytes. A report counts as a whole when its interval ends, by a clock that nobody sets: the wall's, as it was when this autoscaler started, and what has passed since.
/// </summary>
/// <param name="settings">When a proxy is silent.</param>
/// <param name="time">Time.</param>
public sealed class RecentTraffic(AutoscalerSettings settings, TimeProvider time)
{
    private const int Minutes = 30;
    private const int Seconds = 60;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly Dictionary<string, Calls> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Latest> _latest = new(StringComparer.Ordinal);
    private readonly Slots _watched = new(Minutes);
    private long _sweptIn;

    private DateTimeOffset Now => _startedAt + time.GetElapsedTime(_start);

    /// <summary>Takes in a proxy's report that was not taken in before.</summary>
    /// <param name="report">The report.</param>
    /// <param name="ago">How long ago its interval ended.</param>
    public void Take(ProxyReport report, TimeSpan ago)
    {
        lock (_lock)
        {
            var at = Now - ago;
            if (!_latest.TryGetValue(report.ProxyId, out var latest) || latest.Sequence < report.Sequence) _latest[report.ProxyId] = new(report.Sequence, at, report.Leaving ? [] : report.Endpoints);
            foreach (var traffic in report.Endpoints)
                if (traffic.Started > 0) (CollectionsMarshal.GetValueRefOrAddDefault(_calls, traffic.EndpointId, out _) ??= new()).Add(at, traffic.Started);
        }
    }

    /// <summary>Notes that this moment was watched, and forgets what is not worth keeping. To be called each second.</summary>
    /// <param name="endpoints">All endpoints by id.</param>
    /// <param name="isKnown">Whether every known proxy reports, and there is one.</param>
    public void Turn(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, bool isKnown)
    {
        lock (_lock)
        {
            var (now, minute) = (Now, MinuteOf(Now));
            if (isKnown) _watched.Add(minute, 1);
            foreach (var (id, latest) in _latest.ToArray())
                if (now - latest.At > settings.Forget) _latest.Remove(id);
            if (minute == _sweptIn) return;
            _sweptIn = minute;
            // Reports may be ahead of what is heard of endpoints.
            foreach (var (id, calls) in _calls.ToArray())
                if (endpoints.TryGetValue(id, out var heard) ? heard.State.Status == EndpointStatus.Deleted : MinuteOf(calls.LastAt) < minute - 1) _calls.Remove(id);
        }
    }

    /// <summary>Tells of some endpoints.</summary>
    /// <param name="endpointIds">Which.</param>
    public TrafficResource Of(IEnumerable<string> endpointIds)
    {
        lock (_lock)
        {
            var (now, open) = (Now, new Dictionary<string, (int InFlight, int Waiting)>(StringComparer.Ordinal));
            foreach (var traffic in _latest.Values.Where(l => now - l.At <= settings.Late).SelectMany(l => l.Endpoints))
            {
                ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(open, traffic.EndpointId, out _);
                sum = (sum.InFlight + traffic.InFlight, sum.Waiting + traffic.Waiting);
            }
            return new(time.GetUtcNow(), Minutes, [.. endpointIds.Select(id => One(id, now, open.GetValueOrDefault(id)))]);
        }
    }

    private EndpointTrafficResource One(string id, DateTimeOffset now, (int InFlight, int Waiting) open)
    {
        var (calls, minute) = (_calls.GetValueOrDefault(id), MinuteOf(now));
        var perMinute = new int?[Minutes];
        for (var i = 0; i < Minutes; i++)
        {
            var which = minute - (Minutes - 1) + i;
            // What was seen while a proxy was silent is told, too.
            perMinute[i] = calls?.InMinute(which) is > 0 and var count ? count : _watched.At(which) > 0 ? 0 : null;
        }
        return new(id, calls?.InMinuteBefore(now) ?? 0, perMinute, open.InFlight, open.Waiting, calls?.LastAt);
    }

    private static long MinuteOf(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerMinute;

    private static long SecondOf(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerSecond;

    private sealed record Latest(long Sequence, DateTimeOffset At, IReadOnlyList<EndpointTraffic> Endpoints);

    // Of one endpoint.
    private sealed class Calls
    {
        private readonly Slots _minutes = new(Minutes);
        // The second that runs is beside those that are whole.
        private readonly Slots _seconds = new(Seconds + 1);

        public DateTimeOffset LastAt { get; private set; }

        public void Add(DateTimeOffset at, int count)
        {
            _minutes.Add(MinuteOf(at), count);
            _seconds.Add(SecondOf(at), count);
            if (at > LastAt) LastAt = at;
        }

        public int InMinute(long minute) => _minutes.At(minute);

        public int InMinuteBefore(DateTimeOffset now)
        {
            var sum = 0;
            for (var second = SecondOf(now) - Seconds; second < SecondOf(now); second++) sum += _seconds.At(second);
            return sum;
        }
    }

    // Counts of the newest slots of time, and of those just before it.
    private sealed class Slots(int count)
    {
        private readonly int[] _counts = new int[count];
        private long _newest;

        public void Add(long slot, int number)
        {
            if (slot <= _newest - count) return;
            if (slot - _newest >= count) Array.Clear(_counts);
            else for (var next = _newest + 1; next <= slot; next++) _counts[next % count] = 0;
            _newest = Math.Max(_newest, slot);
            _counts[slot % count] += number;
        }

        public int At(long slot) => slot > _newest || slot <= _newest - count ? 0 : _counts[slot % count];
    }
}
