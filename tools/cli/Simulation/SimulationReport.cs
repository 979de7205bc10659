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
        console.WriteLine($"{it.Requests:N0} requests in {Length(it.Seconds)} from {it.From.UtcDateTime:yyyy-MM-dd HH:mm}; a node costs {it.PricePerHour:0.####} USD an hour and is taken to start in {it.StartSeconds} s.");
        console.WriteLine();
        var table = new Table { Border = TableBorder.None }.AddColumn(new TableColumn("") { NoWrap = true, Padding = new(0, 0, 3, 0) });
        foreach (var run in it.Runs) table.AddColumn(new TableColumn($"[grey]{Markup.Escape(run.Name)}[/]") { NoWrap = true, Padding = new(0, 0, 3, 0), Alignment = Justify.Right });
        table.AddRow(["cost", .. it.Runs.Select(r => $"{r.CostUsd:0.00} USD")]);
        foreach (var (title, unit, of) in Figures) table.AddRow([title, .. it.Runs.Select(r => $"{of(r):0.##} {unit}".TrimEnd())]);
        console.Write(table);
        foreach (var run in it.Runs)
        {
            console.WriteLine();
            console.WriteLine(run.Name);
            Draw(console, "at once", run.Chart.Select(s => s.AtOnce));
            Draw(console, "nodes", run.Chart.Select(s => s.Nodes));
            Draw(console, "waiting", run.Chart.Select(s => s.Waiting));
        }
    }

    // Scaled to the highest; what is more than nothing is seen.
    private static void Draw(IAnsiConsole console, string title, IEnumerable<double> values)
    {
        var drawn = values.ToList();
        var highest = drawn.Max();
        console.WriteLine($"  {title,-8}{string.Concat(drawn.Select(v => Bars[v <= 1e-6 ? 0 : Math.Max(1, (int)Math.Round(v / highest * (Bars.Length - 1)))]))}  up to {highest.ToString("0.#", CultureInfo.InvariantCulture)}");
    }

    private static string Length(int seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalHours: < 2 } it => $"{it.TotalMinutes:0} min",
        { TotalDays: < 2 } it => $"{it.TotalHours:0} h",
        var it => $"{it.TotalDays:0} days",
    };
}
