using System.Globalization;
using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Recording;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Api;

/// <summary>An endpoint's traffic, for its owner.</summary>
public static class MetricsRoutes
{
    private const int MostPoints = 2000;
    private const int FewPoints = 400;
    private const int LongestStep = 86_400;
    private static readonly int[] Steps = [TrafficPoint.ShortSeconds, 30, TrafficPoint.LongSeconds, 300, 900, 3600, 21_600];
    private static readonly TimeSpan Usual = TimeSpan.FromHours(1);

    /// <summary>Maps <c>GET /v1/endpoints/{id}/metrics</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapMetrics(this WebApplication app) => app.MapGet("/v1/endpoints/{endpointId}/metrics", MetricsAsync);

    private static async Task<IResult> MetricsAsync(
        string endpointId, HttpContext http, EndpointTable table, RecordedTraffic recorded, TrafficStore store, TimeProvider time, string? from, string? to, string? step)
    {
        if (OwnedEndpoint.Find(http, table, endpointId) is var (it, refused) && it is null) return refused!;
        if (Period.Read(from, to, Usual, time.GetUtcNow()) is var (period, wrong) && wrong is not null) return wrong;
        var seconds = (period.To - period.From).TotalSeconds;
        var chosen = Steps.FirstOrDefault(s => seconds / s <= FewPoints && (s >= TrafficPoint.LongSeconds || recorded.IsFine(period.From.AddSeconds(-s))), Steps[^1]);
        if (step is not null && (!int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out chosen) || chosen is < TrafficPoint.ShortSeconds or > LongestStep || chosen % TrafficPoint.ShortSeconds != 0 || (chosen % TrafficPoint.LongSeconds != 0 && TrafficPoint.LongSeconds % chosen != 0) || seconds / chosen > MostPoints))
            return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request",
                $"step must be 10, 20, 30 or a multiple of {TrafficPoint.LongSeconds} seconds, up to {LongestStep}, of which at most {MostPoints} lie between from and to.");

        // Steps lie where they always do, whenever one asks, and are whole but for the one that runs.
        var ticks = TimeSpan.FromSeconds(chosen).Ticks;
        var (begin, end) = (new DateTimeOffset(period.From.UtcTicks / ticks * ticks, TimeSpan.Zero), new DateTimeOffset((period.To.UtcTicks + ticks - 1) / ticks * ticks, TimeSpan.Zero));
        if (end > time.GetUtcNow()) end = time.GetUtcNow();
        var finely = chosen % TrafficPoint.LongSeconds != 0;
        if (finely && !recorded.IsFine(begin))
            return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"Of more than a day ago, whole minutes are kept: step must be a multiple of {TrafficPoint.LongSeconds}.");
        return await recorded.AnswerAsync(async () =>
        {
            var points = await recorded.PointsAsync(endpointId, begin, end, finely, http.RequestAborted);
            var watched = await store.WatchedAsync(begin, end, http.RequestAborted);
            MetricsPoint[] steps = [.. Stepwise(points, watched, begin, end, chosen)];
            var known = steps.Sum(s => s.WatchedSeconds);
            return Results.Ok(new MetricsResource(endpointId, it.Settings.Telemetry, begin, end, chosen, steps, known > 0 ? Point(TrafficPoint.Sum(points, begin, known), known) : null));
        }, http.RequestAborted);
    }

    private static IEnumerable<MetricsPoint> Stepwise(IReadOnlyList<TrafficPoint> points, IReadOnlyList<Watched> watched, DateTimeOffset begin, DateTimeOffset to, int seconds)
    {
        // While its telemetry is on, an endpoint has a point in every minute that is watched.
        var minutes = points.Select(p => p.At.UtcTicks / TimeSpan.TicksPerMinute).ToHashSet();
        var (next, run) = (0, 0);
        for (var at = begin; at < to; at = at.AddSeconds(seconds))
        {
            var (first, known) = (next, 0.0);
            for (var from = at; from < at.AddSeconds(seconds); from = from.AddSeconds(Math.Min(seconds, TrafficPoint.LongSeconds)))
                if (minutes.Contains(from.UtcTicks / TimeSpan.TicksPerMinute)) known += Within(from, from.AddSeconds(Math.Min(seconds, TrafficPoint.LongSeconds)));
            while (next < points.Count && points[next].At < at.AddSeconds(seconds)) next++;
            TrafficPoint[] here = [.. points.Take(first..next)];
            // What was seen while a proxy was silent is told, too.
            known = Math.Min(seconds, Math.Max(known, here.Sum(p => p.Seconds)));
            if (known > 0) yield return Point(TrafficPoint.Sum(here, at, known), known);
        }

        double Within(DateTimeOffset from, DateTimeOffset end)
        {
            while (run < watched.Count && watched[run].To <= from) run++;
            var within = 0.0;
            for (var i = run; i < watched.Count && watched[i].From < end; i++) within += watched[i].Within(from, end);
            return within;
        }
    }

    private static MetricsPoint Point(TrafficPoint it, double watched)
    {
        var (requests, statuses) = (it.Arrived?.Sum() ?? 0, it.Statuses ?? new Dictionary<int, int>());
        return new(
            it.At, Math.Round(watched, 1), requests, Math.Round(requests / watched, 3), Count(s => s is >= 500), Count(s => s is >= 400 and < KeyUsage.ClientGone), statuses,
            it.PromptTokens, it.CompletionTokens, Math.Round(it.CompletionTokens / watched, 3), Of(it.FirstToken), Of(it.Duration), it.InFlight, it.Waiting, it.Wanted, it.Ready, it.Nodes);

        int Count(Func<int, bool> which) => statuses.Sum(s => which(s.Key) ? s.Value : 0);
    }

    private static Quantiles? Of(Histogram? durations) => durations is null ? null : new(
        Math.Round(durations.Quantile(0.5).TotalMilliseconds, 1), Math.Round(durations.Quantile(0.95).TotalMilliseconds, 1), Math.Round(durations.Quantile(0.99).TotalMilliseconds, 1));
}
