using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Autoscaling.Simulation;
using Spectre.Console;

namespace Hypervize.Cli.Simulation;

/// <summary>Simulations of the same traffic, side by side.</summary>
/// <param name="traffic">The traffic.</param>
/// <param name="runs">What was tried.</param>
/// <param name="pricePerHour">US dollars per hour of a node.</param>
internal sealed class SimulationReport(Traffic traffic, IReadOnlyList<SimulatedRun> runs, decimal pricePerHour)
{
    private const string Bars = " ▁▂▃▄▅▆▇█";

    private static readonly (string Title, string Unit, Func<Outcome, double> Of)[] Figures =
    [
        ("node-hours", "h", o => o.NodeHours),
        ("wakes", "", o => o.Wakes),
        ("changes", "", o => o.Changes.Count),
        ("waited, p50", "s", o => o.Wait(0.5)),
        ("waited, p95", "s", o => o.Wait(0.95)),
        ("waited, p99", "s", o => o.Wait(0.99)),
        ("refused", "", o => o.Refused),
    ];

    /// <summary>As JSON.</summary>
    public JsonObject Json() => new()
    {
        ["from"] = traffic.From.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["seconds"] = traffic.Seconds,
        ["requests"] = traffic.Requests,
        ["runs"] = new JsonArray([.. runs.Select(run => (JsonNode)new JsonObject
        {
            ["name"] = run.Name,
            ["nodeHours"] = Math.Round(run.Outcome.NodeHours, 4),
            ["costUsd"] = Cost(run.Outcome),
            ["wakes"] = run.Outcome.Wakes,
            ["changes"] = run.Outcome.Changes.Count,
            ["waitSeconds"] = new JsonObject { ["p50"] = run.Outcome.Wait(0.5), ["p95"] = run.Outcome.Wait(0.95), ["p99"] = run.Outcome.Wait(0.99) },
            ["refused"] = Math.Round(run.Outcome.Refused, 1),
            ["chart"] = new JsonArray([.. run.Outcome.Chart.Select(slice => (JsonNode)new JsonObject
            {
                ["second"] = slice.Second, ["atOnce"] = Math.Round(slice.Demand, 2), ["nodes"] = Math.Round(slice.Nodes, 2), ["waiting"] = Math.Round(slice.Waiting, 1),
            })]),
        })]),
    };

    /// <summary>For people.</summary>
    /// <param name="console">Where.</param>
    public void Show(IAnsiConsole console)
    {
        console.WriteLine($"{traffic.Requests:N0} requests in {Length()} from {traffic.From.UtcDateTime:yyyy-MM-dd HH:mm}; a node costs {pricePerHour:0.####} USD an hour.");
        console.WriteLine();
        var table = new Table { Border = TableBorder.None }.AddColumn(new TableColumn("") { NoWrap = true, Padding = new(0, 0, 3, 0) });
        foreach (var run in runs) table.AddColumn(new TableColumn($"[grey]{Markup.Escape(run.Name)}[/]") { NoWrap = true, Padding = new(0, 0, 3, 0), Alignment = Justify.Right });
        table.AddRow(["cost", .. runs.Select(r => $"{Cost(r.Outcome):0.00} USD")]);
        foreach (var (title, unit, of) in Figures) table.AddRow([title, .. runs.Select(r => $"{of(r.Outcome):0.##} {unit}".TrimEnd())]);
        console.Write(table);
        foreach (var run in runs)
        {
            console.WriteLine();
            console.WriteLine(run.Name);
            Draw(console, "at once", run.Outcome.Chart.Select(s => s.Demand));
            Draw(console, "nodes", run.Outcome.Chart.Select(s => s.Nodes));
            Draw(console, "waiting", run.Outcome.Chart.Select(s => s.Waiting));
        }
    }

    // Scaled to the highest; what is more than nothing is seen.
    private static void Draw(IAnsiConsole console, string title, IEnumerable<double> values)
    {
        var drawn = values.ToList();
        var highest = drawn.Max();
        console.WriteLine($"  {title,-8}{string.Concat(drawn.Select(v => Bars[v <= 1e-6 ? 0 : Math.Max(1, (int)Math.Round(v / highest * (Bars.Length - 1)))]))}  up to {highest.ToString("0.#", CultureInfo.InvariantCulture)}");
    }

    private decimal Cost(Outcome outcome) => Math.Round((decimal)outcome.NodeHours * pricePerHour, 2);

    private string Length() => TimeSpan.FromSeconds(traffic.Seconds) switch
    {
        { TotalHours: < 2 } it => $"{it.TotalMinutes:0} min",
        { TotalDays: < 2 } it => $"{it.TotalHours:0} h",
        var it => $"{it.TotalDays:0} days",
    };
}
