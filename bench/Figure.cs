using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Hypervize.Bench;

/// <summary>A measured figure and the bar it is held to.</summary>
/// <param name="Key">Key in the JSON, with a dot where it is inside another's object.</param>
/// <param name="Unit">Unit, for people.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Bar">The most it may be, or the least; null for a figure that is told for information.</param>
/// <param name="What">What it is, for people.</param>
internal sealed record Figure(string Key, string Unit, double Value, double? Bar, string What)
{
    /// <summary>A figure of many rounds: its median.</summary>
    public Figure(string key, string unit, Spread spread, double? bar, string what) : this(key, unit, spread.Median, bar, what) => Spread = spread;

    /// <summary>Whether the bar is the least that it may be; else it is the most.</summary>
    public bool AtLeast { get; init; }

    /// <summary>Whether people see it only, and no JSON.</summary>
    public bool ForPeople { get; init; }

    /// <summary>How far its samples lie apart; null where that is not told.</summary>
    public Spread? Spread { get; }

    /// <summary>Whether the bar holds.</summary>
    public bool Held => Bar is not { } bar || (AtLeast ? Value >= bar : Value <= bar);

    /// <summary>The value below which a share of the samples lies, by the nearest rank.</summary>
    /// <param name="samples">Samples, in any order.</param>
    /// <param name="share">Above 0, at most 1.</param>
    public static double Quantile(IEnumerable<double> samples, double share)
    {
        var ordered = samples.Order().ToList();
        return ordered[(int)Math.Ceiling(share * ordered.Count) - 1];
    }

    /// <summary>The figures as JSON.</summary>
    /// <param name="figures">The figures.</param>
    public static JsonObject Json(IEnumerable<Figure> figures)
    {
        var json = new JsonObject();
        foreach (var figure in figures.Where(f => !f.ForPeople))
        {
            var (at, path) = (json, figure.Key.Split('.'));
            foreach (var name in path[..^1]) at = (JsonObject)(at[name] ??= new JsonObject());
            at[path[^1]] = Math.Round(figure.Value, 3);
        }
        return json;
    }

    /// <summary>Shows them beside their bars.</summary>
    /// <param name="console">Where.</param>
    /// <param name="figures">The figures.</param>
    public static void Show(IAnsiConsole console, IReadOnlyCollection<Figure> figures)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("figure", "measured", "bar", "", "what it is");
        foreach (var f in figures) table.AddRow(f.Key, f.Measured, f.Limit, f.Bar is null ? "" : f.Held ? "[green]holds[/]" : "[red]missed[/]", f.What);
        console.Write(table);
    }

    /// <summary>What was measured, for people.</summary>
    public string Measured => $"{Text(Value)} {Unit}{(Spread is { } s ? $" ({Text(s.Low)} – {Text(s.High)})" : "")}";

    private string Limit => Bar is { } bar ? $"{(AtLeast ? "≥" : "≤")} {Text(bar)} {Unit}" : "";

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
