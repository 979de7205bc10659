using System.Runtime.InteropServices;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Recording;

/// <summary>Traffic of all endpoints with telemetry in a short interval.</summary>
/// <param name="From">When it began.</param>
/// <param name="To">When it ended.</param>
/// <param name="IsWatched">Whether every known proxy reported all the time; else what is not there may only be unknown.</param>
/// <param name="Points">By endpoint, while it is watched or was called all the same; one without anything to say is listed once a minute: so it is known that it was recorded, and that it was called by nobody.</param>
public sealed record RecordedInterval(DateTimeOffset From, DateTimeOffset To, bool IsWatched, IReadOnlyList<KeyValuePair<string, TrafficPoint>> Points);

/// <summary>
/// Adds up what proxies and nodes report, in intervals of ten seconds of the clock on the wall, the same in every autoscaler. A report counts when it arrives. In
/// memory; <see cref="TrafficKeeper"/> takes away what is over.
/// </summary>
/// <param name="time">Time.</param>
public sealed class TrafficRecorder(TimeProvider time)
{
    // While the database is down, or another autoscaler keeps it all, the oldest are let go of.
    private const int MostIntervals = 360;
    private const int MostPoints = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, OpenPoint> _open = new(StringComparer.Ordinal);
    private readonly Queue<RecordedInterval> _over = new();
    private readonly Dictionary<string, double> _told = new(StringComparer.Ordinal);
    private DateTimeOffset _from = time.GetUtcNow();
    private bool _isWatched = true;

    /// <summary>Takes in a proxy's report that was not taken in before.</summary>
    /// <param name="report">The report.</param>
    public void Take(ProxyReport report)
    {
        var seconds = Math.Clamp((report.To - report.From).TotalSeconds, 0, TrafficPoint.ShortSeconds);
        lock (_lock)
        {
            var end = (time.GetUtcNow() - _from).TotalSeconds;
            // Of reports that were held up and come all at once, only as many seconds are of this interval as have passed in it; all of their requests count.
            ref var told = ref CollectionsMarshal.GetValueRefOrAddDefault(_told, report.ProxyId, out _);
            seconds = Math.Clamp(end + 1 - told, 0, seconds);
            told += seconds;
            foreach (var traffic in report.Endpoints) Of(traffic.EndpointId).Add(traffic, seconds, end);
        }
    }

    /// <summary>Takes in what nodes say of themselves.</summary>
    /// <param name="report">What they say.</param>
    public void Take(NodeReport report)
    {
        lock (_lock)
            foreach (var nodes in report.Nodes.GroupBy(n => n.EndpointId, StringComparer.Ordinal))
                Of(nodes.Key).Nodes = new(nodes.Sum(n => (double)n.Running), nodes.Sum(n => (double)n.Waiting), nodes.Max(n => n.CacheUsed));
    }

    /// <summary>Closes the interval that is over, if one is. To be called each second.</summary>
    /// <param name="endpoints">All endpoints by id.</param>
    /// <param name="isKnown">Whether every known proxy reports, and there is one.</param>
    public void Turn(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, bool isKnown)
    {
        lock (_lock)
        {
            _isWatched &= isKnown;
            var now = time.GetUtcNow();
            var begin = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.FromSeconds(TrafficPoint.ShortSeconds).Ticks, TimeSpan.Zero);
            if (begin > _from) Close(endpoints, begin);
            // A clock that was set back: nothing is told twice.
            else if (now < _from - TimeSpan.FromSeconds(TrafficPoint.ShortSeconds)) Begin(now);
        }
    }

    /// <summary>Closes the interval that runs, for who stops.</summary>
    /// <param name="endpoints">All endpoints by id.</param>
    public void Stop(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints)
    {
        lock (_lock) Close(endpoints, time.GetUtcNow());
    }

    /// <summary>What is over and was not taken yet.</summary>
    public IReadOnlyList<RecordedInterval> Take()
    {
        lock (_lock)
        {
            RecordedInterval[] taken = [.. _over];
            _over.Clear();
            return taken;
        }
    }

    /// <summary>What was taken could not be kept.</summary>
    /// <param name="taken">What was taken.</param>
    public void GiveBack(IReadOnlyList<RecordedInterval> taken)
    {
        lock (_lock)
        {
            RecordedInterval[] since = [.. _over];
            _over.Clear();
            foreach (var interval in taken.Concat(since)) Over(interval);
        }
    }

    private void Close(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, DateTimeOffset to)
    {
        var (begun, seconds) = (_from, Math.Min((to - _from).TotalSeconds, TrafficPoint.ShortSeconds));
        if (seconds > 0)
        {
            var points = from heard in endpoints.Values
                         where heard.State.Settings.Telemetry
                         let point = (_open.GetValueOrDefault(heard.State.Id) ?? new()).Close(begun, seconds, heard.State)
                         where point.IsBusy || (_isWatched && (!point.IsNothing || begun.Second < TrafficPoint.ShortSeconds))
                         select KeyValuePair.Create(heard.State.Id, point);
            // Whoever was suspended for longer has seen nothing of it.
            Over(new(begun, begun.AddSeconds(seconds), _isWatched, [.. points]));
        }
        Begin(to);
    }

    private void Begin(DateTimeOffset from)
    {
        _open.Clear();
        _told.Clear();
        (_from, _isWatched) = (from, true);
    }

    private void Over(RecordedInterval interval)
    {
        _over.Enqueue(interval);
        while (_over.Count > MostIntervals || (_over.Count > 1 && _over.Sum(i => i.Points.Count) > MostPoints)) _over.Dequeue();
    }

    private OpenPoint Of(string endpointId) => CollectionsMarshal.GetValueRefOrAddDefault(_open, endpointId, out _) ??= new();

    private sealed class OpenPoint
    {
        private readonly int[] _arrived = new int[TrafficPoint.ShortSeconds];
        private readonly Dictionary<int, int> _statuses = [];
        private readonly List<Histogram> _firstToken = [], _duration = [];
        private long _promptTokens, _completionTokens;
        private double _inFlight, _waiting;

        public NodeLoad? Nodes { get; set; }

        public void Add(EndpointTraffic traffic, double seconds, double end)
        {
            Arrive(traffic.Started, Math.Max(0, end - seconds), Math.Max(0, end));
            _inFlight += traffic.InFlight * seconds;
            _waiting += traffic.Waiting * seconds;
            foreach (var usage in traffic.Usage ?? [])
            {
                foreach (var (status, count) in usage.Statuses) CollectionsMarshal.GetValueRefOrAddDefault(_statuses, status, out _) += count;
                _promptTokens += usage.PromptTokens;
                _completionTokens += usage.CompletionTokens;
                _firstToken.Add(usage.FirstToken);
                _duration.Add(usage.Duration);
            }
        }

        // Evenly over the time of the report: its end alone would put two reports into one second, and none into the next, whenever it lies near a second's end.
        private void Arrive(int requests, double from, double to)
        {
            var last = Math.Min((int)to, _arrived.Length - 1);
            var there = 0;
            for (var part = Math.Min((int)from, last); part < last; part++)
            {
                var until = (int)Math.Round(requests * (part + 1 - from) / (to - from));
                _arrived[part] += until - there;
                there = until;
            }
            _arrived[last] += requests - there;
        }

        public TrafficPoint Close(DateTimeOffset from, double seconds, EndpointState it) => new()
        {
            At = from, Seconds = seconds, Arrived = Array.TrueForAll(_arrived, a => a == 0) ? null : _arrived, Statuses = _statuses.Count == 0 ? null : _statuses,
            PromptTokens = _promptTokens, CompletionTokens = _completionTokens, FirstToken = TrafficPoint.OrNull(_firstToken), Duration = TrafficPoint.OrNull(_duration),
            InFlight = Math.Round(_inFlight / seconds, 3), Waiting = Math.Round(_waiting / seconds, 3),
            Wanted = it.Wanted, Ready = it.Nodes.Count(n => n.Status == NodeStatus.Ready), Nodes = Nodes,
        };
    }
}
