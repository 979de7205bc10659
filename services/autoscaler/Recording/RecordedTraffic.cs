using Hypervize.Autoscaling.Simulation;

namespace Hypervize.Autoscaler.Recording;

/// <summary>What was recorded of an endpoint, for questions about it.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="time">Time.</param>
public sealed class RecordedTraffic(TrafficStore store, TimeProvider time) : IDisposable
{
    private const int AtOnce = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // What may not have been added up to minutes yet; and what may be gone of a day that was asked for a moment ago.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(5);
    private const double ShortestRequest = 0.001;
    private const double LongestRequest = 3600;

    // A month of an endpoint is some 50 MB in memory, and a simulation uses a core for as long as it lasts: scaling comes first.
    private readonly SemaphoreSlim _places = new(AtOnce);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>Answers a question, some at a time.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="question">The question, with all that it reads.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>Null when others took too long.</returns>
    public async Task<T?> InTurnAsync<T>(Func<Task<T>> question, CancellationToken cancel) where T : class
    {
        if (!await _places.WaitAsync(Patience, cancel)) return null;
        try
        {
            return await question();
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>The points of a time, oldest first, as finely as they are kept, or as a minute at a time.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="from">When it begins.</param>
    /// <param name="to">When it ends.</param>
    /// <param name="finely">Whether minutes won't do.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<TrafficPoint>> PointsAsync(string endpointId, DateTimeOffset from, DateTimeOffset to, bool finely, CancellationToken cancel)
    {
        if (finely && IsFine(from)) return await store.ReadAsync(endpointId, TrafficPoint.ShortSeconds, from, to, cancel);
        var points = await store.ReadAsync(endpointId, TrafficPoint.LongSeconds, from, to, cancel);
        var recent = time.GetUtcNow() - Recent;
        if (to <= recent) return points;
        var end = points.Count == 0 ? from : points[^1].At.AddSeconds(TrafficPoint.LongSeconds);
        points.AddRange(await store.ReadAsync(endpointId, TrafficPoint.ShortSeconds, end > recent ? end : recent, to, cancel));
        return points;
    }

    /// <summary>Whether short intervals from a moment on are kept still.</summary>
    /// <param name="from">The moment.</param>
    public bool IsFine(DateTimeOffset from) => from >= time.GetUtcNow() - TrafficStore.ShortKept - Recent;

    /// <summary>
    /// The same as traffic to be simulated. How long a request took at a node is the mean of those that ended in its interval, less what they waited; of all, where none
    /// ended.
    /// </summary>
    /// <param name="points">The points, oldest first.</param>
    /// <param name="from">When the traffic begins.</param>
    /// <param name="to">When it ends.</param>
    public static Traffic ToTraffic(IReadOnlyList<TrafficPoint> points, DateTimeOffset from, DateTimeOffset to)
    {
        var step = points.Any(p => p.IsLong) ? TrafficPoint.LongPartSeconds : 1;
        var cohorts = new Cohort[Math.Max(1, (int)Math.Ceiling((to - from).TotalSeconds / step))];
        var usual = Mean(points) ?? 1;
        foreach (var point in points)
        {
            var seconds = Mean([point]) ?? usual;
            for (var part = 0; part < point.Arrived?.Count; part++)
            {
                if (point.Arrived[part] == 0) continue;
                ref var cohort = ref cohorts[Math.Clamp((int)((point.StartOf(part) - from).TotalSeconds / step), 0, cohorts.Length - 1)];
                var together = cohort.Requests + point.Arrived[part];
                cohort = new(together, (cohort.Requests * cohort.Seconds + point.Arrived[part] * seconds) / together);
            }
        }
        return Traffic.OfIntervals(from, step, cohorts);
    }

    // Seconds of a request at a node; null when none ended. Those that were refused took no time of a node.
    private static double? Mean(IReadOnlyCollection<TrafficPoint> points)
    {
        var ended = points.Sum(p => p.Statuses?.Sum(s => s.Key is >= 400 and < 499 ? 0 : s.Value) ?? 0);
        return ended == 0 ? null : Math.Clamp((points.Sum(p => p.Duration?.SumMs ?? 0) / 1000 - points.Sum(p => p.Waiting * p.Seconds)) / ended, ShortestRequest, LongestRequest);
    }
}
