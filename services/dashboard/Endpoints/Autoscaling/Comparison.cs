using System.Globalization;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>Whether a difference is welcome.</summary>
public enum Verdict
{
    /// <summary>There is none, or it is neither.</summary>
    Neutral,

    /// <summary>Cheaper, or quicker.</summary>
    Better,

    /// <summary>Dearer, or slower.</summary>
    Worse,
}

/// <summary>A figure of two runs side by side.</summary>
/// <param name="What">What it is.</param>
/// <param name="Current">As it is set.</param>
/// <param name="Tried">As it was tried; null where nothing was.</param>
/// <param name="Difference">The difference in words; null where nothing was tried.</param>
/// <param name="Verdict">Whether it is welcome.</param>
public sealed record ComparedFigure(string What, string Current, string? Tried, string? Difference, Verdict Verdict);

/// <summary>What was tried beside what is set, in words.</summary>
public static class Comparison
{
    private const string Same = "the same";

    /// <summary>All figures.</summary>
    /// <param name="rehearsal">What came of both.</param>
    public static IReadOnlyList<ComparedFigure> Of(Rehearsal rehearsal)
    {
        var (current, tried) = (rehearsal.Runs[0], rehearsal.Runs.Count > 1 ? rehearsal.Runs[1] : null);
        return
        [
            Figure("Cost", r => Words.Usd(Cents(r.CostUsd)), r => Math.Sign(Cents(r.CostUsd) - Cents(current.CostUsd)), Cost),
            Figure("Node-hours", r => Hours(r.NodeHours), r => Sign(r.NodeHours - current.NodeHours, 0.005), (a, b) => $"{Hours(Math.Abs(b.NodeHours - a.NodeHours))} {(b.NodeHours < a.NodeHours ? "less" : "more")}"),
            Figure("Wakes", r => Words.Number(r.Wakes), r => Math.Sign(r.Wakes - current.Wakes), (a, b) => Counted(b.Wakes - a.Wakes, "wake")),
            Figure("Changes of the number of nodes", r => Words.Number(r.Changes), _ => 0, (a, b) => Counted(b.Changes - a.Changes, "change")),
            Wait("Half wait at most", w => w.P50), Wait("95 of 100 wait at most", w => w.P95), Wait("99 of 100 wait at most", w => w.P99),
            Figure("Refused after waiting", r => Words.Number(r.Refused), r => Sign(r.Refused - current.Refused, 0.05), (a, b) => Refused(b.Refused - a.Refused)),
        ];

        ComparedFigure Wait(string what, Func<WaitSeconds, int> of) => Figure(
            what, r => $"{of(r.WaitSeconds)} s", r => Math.Sign(of(r.WaitSeconds) - of(current.WaitSeconds)), (a, b) => Longer(of(b.WaitSeconds) - of(a.WaitSeconds)));

        ComparedFigure Figure(string what, Func<RehearsedRun, string> text, Func<RehearsedRun, int> sign, Func<RehearsedRun, RehearsedRun, string> difference) => new(
            what, text(current), tried is null ? null : text(tried), tried is null ? null : text(current) == text(tried) ? Same : difference(current, tried),
            tried is null || text(current) == text(tried) ? Verdict.Neutral : sign(tried) switch { < 0 => Verdict.Better, > 0 => Verdict.Worse, _ => Verdict.Neutral });
    }

    /// <summary>The differences that matter, in a sentence; null where nothing was tried.</summary>
    /// <param name="rehearsal">What came of both.</param>
    public static string? InWords(Rehearsal rehearsal)
    {
        if (rehearsal.Runs is not [var current, var tried, ..]) return null;
        List<string> said = [];
        if (Cents(current.CostUsd) != Cents(tried.CostUsd)) said.Add(Cost(current, tried));
        if (current.Wakes != tried.Wakes) said.Add(Counted(tried.Wakes - current.Wakes, "wake"));
        if (current.WaitSeconds.P95 != tried.WaitSeconds.P95) said.Add($"95 of 100 requests wait at most {tried.WaitSeconds.P95} s, {Longer(tried.WaitSeconds.P95 - current.WaitSeconds.P95)}");
        if (Words.Number(current.Refused) != Words.Number(tried.Refused)) said.Add(Refused(tried.Refused - current.Refused));
        return said.Count == 0 ? "It would have cost and waited the same" : string.Join(", ", said);
    }

    private static string Cost(RehearsedRun current, RehearsedRun tried) => Cents(tried.CostUsd) - Cents(current.CostUsd) is var difference && difference < 0
        ? $"{Words.Usd(-difference)} less" : $"{Words.Usd(difference)} more";

    // A traffic of hours costs cents, or parts of one.
    private static decimal Cents(decimal usd) => decimal.Round(usd, usd >= 1 ? 2 : 4);

    private static string Hours(double hours) => $"{hours.ToString("0.##", CultureInfo.InvariantCulture)} h";

    private static string Counted(int difference, string noun) => $"{Math.Abs(difference)} {(difference > 0 ? "more" : "fewer")} {noun}{(Math.Abs(difference) == 1 ? "" : "s")}";

    private static string Longer(int seconds) => $"{Math.Abs(seconds)} s {(seconds > 0 ? "longer" : "shorter")}";

    private static string Refused(double difference) => $"{Words.Number(Math.Abs(difference))} {(difference > 0 ? "more" : "fewer")} refused";

    private static int Sign(double difference, double least) => Math.Abs(difference) <= least ? 0 : Math.Sign(difference);
}
