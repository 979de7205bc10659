using System.Globalization;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>A line of a calculation.</summary>
/// <param name="What">What is calculated, or which rule speaks.</param>
/// <param name="Value">What it comes to.</param>
/// <param name="IsRule">Whether a rule changed the number.</param>
public sealed record CalculationLine(string What, string Value, bool IsRule = false);

/// <summary>How a finding came about: from the load, through every rule that changed the number, to the result.</summary>
public static class Calculation
{
    // Of less than this, rounding leaves nothing to divide by.
    private const double LeastNeeded = 0.05;

    /// <summary>The lines, in order.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="scaling">How the endpoint may scale.</param>
    public static IReadOnlyList<CalculationLine> Of(Finding found, Scaling scaling)
    {
        if (found.Nodes == 0) return [new("Requests", $"none for the idle time of {Words.Span(TimeSpan.FromSeconds(scaling.IdleSeconds))}"), new("So it should have", "no node: it sleeps")];
        List<CalculationLine> lines = [new("Load", Said(found.AtOnce, scaling.RequestsPerMinute is null ? null : found.PerMinute))];
        if (Target(found, scaling) is var (atOnce, perMinute)) lines.Add(new("A node should have", Said(atOnce, perMinute)));
        lines.Add(new("Needed", $"{Nodes(found)}, in whole numbers {(found.Rules.Count == 0 ? found.Nodes : found.Rules[0].From)}"));
        lines.AddRange(found.Rules.Select(r => new CalculationLine(FindingWords.Of(r.Rule, scaling), $"{r.From} → {r.To}", IsRule: true)));
        lines.Add(new("So it should have", Words.Count(found.Nodes, "node")));
        return lines;
    }

    // What was found long ago may rest on other settings: where it can be told from the numbers, it is.
    private static (double AtOnce, double? PerMinute)? Target(Finding found, Scaling scaling)
    {
        if (scaling.RequestsPerMinute is not { } rpm)
            return found.MostNeeded >= LeastNeeded ? (found.AtOnce / found.MostNeeded, null) : scaling.Tuning?.Utilisation is { } own ? (own * scaling.Concurrency, null) : null;
        var share = found.MostNeeded >= LeastNeeded ? Math.Max(found.AtOnce / scaling.Concurrency, found.PerMinute / rpm) / found.MostNeeded : scaling.Tuning?.Utilisation;
        return share is { } target ? (target * scaling.Concurrency, target * rpm) : null;
    }

    private static string Nodes(Finding found)
    {
        var (least, most) = (found.LeastNeeded.ToString("0.##", CultureInfo.InvariantCulture), found.MostNeeded.ToString("0.##", CultureInfo.InvariantCulture));
        return least == most ? $"{most} nodes" : $"{least} to {most} nodes";
    }

    private static string Said(double atOnce, double? perMinute) =>
        $"{Words.Number(atOnce)} requests at once{(perMinute is { } rate ? $", {rate.ToString("#,0", CultureInfo.InvariantCulture)} a minute" : "")}";
}
