using Hypervize.Contracts;
using Hypervize.Dashboard.Plots;

namespace Hypervize.Dashboard.Endpoints.Telemetry;

/// <summary>What was recorded of an endpoint, as plots.</summary>
public static class TelemetryPlots
{
    // A rate over less than this is chance, which is what the step that runs begins with.
    private const double FewSeconds = 5;

    /// <summary>Nothing yet, of a time.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="time">The time.</param>
    /// <param name="now">Now.</param>
    public static IReadOnlyList<Plot> Nothing(string endpointId, RecentTime time, DateTimeOffset now) =>
        Of(new(endpointId, true, now - time.Length, now, (int)time.Length.TotalSeconds, []));

    /// <summary>All plots of what was recorded.</summary>
    /// <param name="metrics">What was.</param>
    public static IReadOnlyList<Plot> Of(MetricsResource metrics)
    {
        var (times, points) = Stepwise(metrics);
        return
        [
            Made("Requests per minute", PlotUnit.Number,
                Line("Requests", "primary", p => p.RequestsPerSecond * 60, isFilled: true), Line("Errors", "bad", p => p.Errors / p.WatchedSeconds * 60), Line("Refused", "warn", p => p.Refused / p.WatchedSeconds * 60)),
            Made("Tokens per second", PlotUnit.Number,
                Line("Out", "primary", p => p.TokensPerSecond, isFilled: true), Line("In", "cyan", p => p.PromptTokens / p.WatchedSeconds)),
            Made("Time to first token", PlotUnit.Milliseconds, Line("p50", "cyan", p => p.FirstTokenMs?.P50), Line("p95", "primary", p => p.FirstTokenMs?.P95)),
            Made("Latency", PlotUnit.Milliseconds, Line("p50", "cyan", p => p.LatencyMs?.P50), Line("p95", "primary", p => p.LatencyMs?.P95)),
            Made("Requests at once", PlotUnit.Number, Line("In flight", "primary", p => p.InFlight, isFilled: true), Line("Waiting", "warn", p => p.Waiting)),
            Made("Nodes", PlotUnit.Nodes, Line("Ready", "ok", p => p.Ready, isFilled: true) with { IsStepped = true }, Line("Wanted", "muted", p => p.Wanted) with { IsStepped = true, IsDashed = true }),
        ];

        Plot Made(string title, PlotUnit unit, params IReadOnlyList<PlotLine> lines) => new(title, unit, metrics.From, metrics.To, times, lines);

        PlotLine Line(string name, string colour, Func<MetricsPoint, double?> of, bool isFilled = false) =>
            new(name, colour, [.. points.Select(p => p is null || of(p) is not { } value ? (double?)null : Math.Round(value, 3))], IsFilled: isFilled);
    }

    /// <summary>Every step of a time, with what was recorded in it; null where nothing was.</summary>
    /// <param name="metrics">What was recorded.</param>
    public static (IReadOnlyList<DateTimeOffset> Times, IReadOnlyList<MetricsPoint?> Points) Stepwise(MetricsResource metrics)
    {
        var known = metrics.Points.Where(p => p.WatchedSeconds >= FewSeconds).ToDictionary(p => p.At);
        var times = new List<DateTimeOffset>();
        for (var at = metrics.From; at < metrics.To; at = at.AddSeconds(metrics.StepSeconds)) times.Add(at);
        return (times, [.. times.Select(at => known.GetValueOrDefault(at))]);
    }

    /// <summary>Since when something is recorded of a time, where that is not all of it.</summary>
    /// <param name="metrics">What was recorded.</param>
    public static DateTimeOffset? Since(MetricsResource metrics) =>
        metrics.Points.Count > 0 && metrics.Points[0].At >= metrics.From.AddSeconds(2 * metrics.StepSeconds) ? metrics.Points[0].At : null;
}
