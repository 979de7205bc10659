using System.Globalization;
using Hypervize.Autoscaling.Simulation;
using Spectre.Console;

namespace Hypervize.Cli.Simulation;

/// <summary>Shows people what came of settings on the same traffic.</summary>
internal static class SimulationReport
{
    private const string Bars = " ▁▂▃▄▅▆▇█";

    private static readonly (string Title, string Unit, Func<RehearsedRun, double> Of)[] Figures =
    [
        ("node-hours", "h", r => r.NodeHours),
        ("wakes", "", r => r.Wakes),
        ("changes", "", r => r.Changes),
        ("waited, p50", "s", r => r.WaitSeconds.P50),
        ("waited, p95", "s", r => r.WaitSeconds.P95),
        ("waited, p99", "s", r => r.WaitSeconds.P99),
        ("refused", "", r => r.Refused),
    ];

    /// <summary>Shows it.</summary>
    /// <param name="console">Where.</param>
    /// <param name="it">What came of it.</param>
    public static void Show(IAnsiConsole console, Rehearsal it)
    {
        console.WriteLine($"{it.Requests:N0} requests in {Length(it.Seconds)} from {it.From.UtcDateTime:yyyy-MM-dd HH:mm} UTC; a node costs {it.PricePerHour:0.####} USD an hour{(it.AddOnsPerHour > 0 ? $", and the endpoint's add-ons {it.AddOnsPerHour:0.####} while it has one" : "")}.");
        console.WriteLine();
        var table = new Table { Border = TableBorder.None }.AddColumn(new TableColumn("") { NoWrap = true, Padding = new(0, 0, 3, 0) });
        foreach (var run in it.Runs) table.AddColumn(new TableColumn($"[grey]{Markup.Escape(run.Name)}[/]") { NoWrap = true, Padding = new(0, 0, 3, 0), Alignment = Justify.Right });
        table.AddRow(["cost", .. it.Runs.Select(r => $"{r.CostUsd:0.00} USD")]);
        foreach (var (title, unit, of) in Figures) table.AddRow([title, .. it.Runs.Select(r => $"{of(r):0.##} {unit}".TrimEnd())]);
        console.Write(table);
        foreach (var run in it.Runs)
        {
            console.WriteLine();
            console.WriteLine($"{run.Name}: {string.Join(", ", run.Settings.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} {s.Value:0.##}")))}");
            Draw(console, "at once", it.Runs, run, s => s.AtOnce);
            Draw(console, "nodes", it.Runs, run, s => s.Nodes);
            Draw(console, "waiting", it.Runs, run, s => s.Waiting);
        }
    }

    // Scaled to the highest of all runs, so that they can be compared; what is more than nothing is seen.
    private static void Draw(IAnsiConsole console, string title, IReadOnlyList<RehearsedRun> runs, RehearsedRun run, Func<RehearsedPart, double> of)
    {
        var highest = runs.Max(r => r.Chart.Max(of));
        var bars = string.Concat(run.Chart.Select(part => Bars[of(part) <= 1e-6 ? 0 : Math.Max(1, (int)Math.Round(of(part) / highest * (Bars.Length - 1)))]));
        console.WriteLine($"  {title,-8}{bars}  up to {run.Chart.Max(of).ToString("0.#", CultureInfo.InvariantCulture)}");
    }

    private static string Length(int seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalHours: < 2 } it => $"{it.TotalMinutes:0} min",
        { TotalDays: < 2 } it => $"{it.TotalHours:0} h",
        var it => $"{it.TotalDays:0} days",
    };
}
