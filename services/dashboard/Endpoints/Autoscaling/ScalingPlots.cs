using Hypervize.Autoscaling.Policy;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Telemetry;
using Hypervize.Dashboard.Plots;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>Nodes and load over time, as plots.</summary>
public static class ScalingPlots
{
    // Evaluations are a second apart; where there was none for longer, the endpoint was not up.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>The findings by which the number of nodes changed in a time, oldest first.</summary>
    /// <param name="findings">All findings, newest first.</param>
    /// <param name="from">When the time begins.</param>
    /// <param name="to">When it ends.</param>
    public static IReadOnlyList<Finding> Decisions(IEnumerable<Finding> findings, DateTimeOffset from, DateTimeOffset to) =>
        [.. findings.Where(f => FindingWords.IsDecision(f) && f.From >= from && f.From <= to).OrderBy(f => f.From)];

    /// <summary>Nodes and load as they were recorded.</summary>
    /// <param name="metrics">What was.</param>
    /// <param name="decisions">What is marked.</param>
    public static IReadOnlyList<Plot> Of(MetricsResource metrics, IReadOnlyList<Finding> decisions)
    {
        var (times, points) = TelemetryPlots.Stepwise(metrics);
        return Both(metrics.From, metrics.To, times, decisions, Values(p => p.Wanted), Values(p => p.Ready), Values(p => p.InFlight + p.Waiting));

        IReadOnlyList<double?> Values(Func<MetricsPoint, double> of) => [.. points.Select(p => p is null ? (double?)null : of(p))];
    }

    /// <summary>Nodes and load as the policy found them, where nothing was recorded: the load is the highest of each finding.</summary>
    /// <param name="findings">What it found, newest first.</param>
    /// <param name="decisions">What is marked.</param>
    /// <param name="from">When the time begins.</param>
    /// <param name="to">When it ends.</param>
    public static IReadOnlyList<Plot> Of(IEnumerable<Finding> findings, IReadOnlyList<Finding> decisions, DateTimeOffset from, DateTimeOffset to)
    {
        var (times, found) = (new List<DateTimeOffset>(), new List<Finding?>());
        foreach (var it in findings.Where(f => f.To >= from && f.From <= to).OrderBy(f => f.From))
        {
            if (times.Count > 0 && it.From - times[^1] > Pause) Add(times[^1].AddSeconds(1), null);
            Add(it.From < from ? from : it.From, it);
            Add(it.To, it);
        }
        return Both(from, to, times, decisions, Values(f => f.Wanted), Values(f => f.Ready), Values(f => f.AtOnce));

        void Add(DateTimeOffset at, Finding? it)
        {
            if (times.Count > 0 && at <= times[^1]) return;
            times.Add(at);
            found.Add(it);
        }

        IReadOnlyList<double?> Values(Func<Finding, double> of) => [.. found.Select(f => f is null ? (double?)null : of(f))];
    }

    /// <summary>What was tried beside what is set.</summary>
    /// <param name="rehearsal">What came of it.</param>
    public static IReadOnlyList<Plot> Of(Rehearsal rehearsal)
    {
        var (current, tried) = (rehearsal.Runs[0], rehearsal.Runs.Count > 1 ? rehearsal.Runs[1] : null);
        DateTimeOffset[] times = [.. current.Chart.Select(p => rehearsal.From.AddSeconds(p.Second))];
        return [Compared("Nodes that serve", PlotUnit.Nodes, p => p.Nodes), Compared("Requests at once, waiting ones too", PlotUnit.Number, p => p.AtOnce)];

        Plot Compared(string title, PlotUnit unit, Func<RehearsedPart, double> of) => new(title, unit, rehearsal.From, rehearsal.From.AddSeconds(rehearsal.Seconds), times,
        [
            new("As it is set", "muted", Values(current, of), IsDashed: true, IsStepped: true),
            .. tried is null ? (IEnumerable<PlotLine>)[] : [new("Tried", "primary", Values(tried, of), IsStepped: true, IsFilled: true)],
        ]);

        static IReadOnlyList<double?> Values(RehearsedRun run, Func<RehearsedPart, double> of) => [.. run.Chart.Select(p => (double?)of(p))];
    }

    private static IReadOnlyList<Plot> Both(
        DateTimeOffset from, DateTimeOffset to, IReadOnlyList<DateTimeOffset> times, IReadOnlyList<Finding> decisions,
        IReadOnlyList<double?> wanted, IReadOnlyList<double?> ready, IReadOnlyList<double?> load) =>
    [
        new("Nodes", PlotUnit.Nodes, from, to, times, [new("Ready", "ok", ready, IsStepped: true, IsFilled: true), new("Wanted", "primary", wanted, IsDashed: true, IsStepped: true)])
        {
            Marks = [.. decisions.Select(d => new PlotMark(d.From, d.Nodes == 0 ? PlotMarkKind.End : d.Nodes > d.Wanted ? PlotMarkKind.Up : PlotMarkKind.Down))],
        },
        new("Requests at once", PlotUnit.Number, from, to, times, [new("In flight and waiting", "cyan", load, IsFilled: true)]),
    ];
}
