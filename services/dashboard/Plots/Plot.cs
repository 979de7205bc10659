using System.Globalization;
using System.Text.Json.Serialization;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Plots;

/// <summary>What the numbers of a plot are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlotUnit>))]
public enum PlotUnit
{
    /// <summary>Any numbers.</summary>
    [JsonStringEnumMemberName("number")] Number,

    /// <summary>Nodes: parts of one are averages, and no scale says them.</summary>
    [JsonStringEnumMemberName("nodes")] Nodes,

    /// <summary>Durations.</summary>
    [JsonStringEnumMemberName("milliseconds")] Milliseconds,
}

/// <summary>What a mark says.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlotMarkKind>))]
public enum PlotMarkKind
{
    /// <summary>More than before.</summary>
    [JsonStringEnumMemberName("up")] Up,

    /// <summary>Less than before.</summary>
    [JsonStringEnumMemberName("down")] Down,

    /// <summary>Nothing any more.</summary>
    [JsonStringEnumMemberName("end")] End,
}

/// <summary>A line of a plot.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Colour">A colour of the theme, such as <c>primary</c>.</param>
/// <param name="Values">A value for each time; null where nothing is known, which is drawn as a gap.</param>
/// <param name="IsDashed">Whether it is dashed.</param>
/// <param name="IsStepped">Whether a value holds until the next.</param>
/// <param name="IsFilled">Whether the area below is coloured.</param>
public sealed record PlotLine(string Name, string Colour, IReadOnlyList<double?> Values, bool IsDashed = false, bool IsStepped = false, bool IsFilled = false);

/// <summary>A moment that is marked.</summary>
/// <param name="At">The moment.</param>
/// <param name="Kind">What the mark says.</param>
public sealed record PlotMark(DateTimeOffset At, PlotMarkKind Kind);

/// <summary>Values over time, to be drawn.</summary>
/// <param name="Title">What is shown, and in what.</param>
/// <param name="Unit">What the numbers are.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends.</param>
/// <param name="Times">Times of the values, in order.</param>
/// <param name="Lines">Lines.</param>
public sealed record Plot(string Title, PlotUnit Unit, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<DateTimeOffset> Times, IReadOnlyList<PlotLine> Lines)
{
    /// <summary>Moments that are marked, in order.</summary>
    public IReadOnlyList<PlotMark> Marks { get; init; } = [];

    /// <summary>The whole of it in words, for those who don't see it.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"{Title}, {Words.Moment(From)} to {Words.Moment(To)} UTC. {string.Join(" ", Lines.Select(Said))}{(Marks.Count == 0 ? "" : $" {Words.Count(Marks.Count, "moment")} marked.")}");

    /// <summary>Which times have a value at all, the newest first.</summary>
    public IEnumerable<int> Known => Enumerable.Range(0, Times.Count).Reverse().Where(i => Lines.Any(l => l.Values[i] is not null));

    /// <summary>A value as people read it; a dash while it is not known.</summary>
    /// <param name="value">The value.</param>
    public string Text(double? value) => PlotText.Of(value, Unit);

    private string Said(PlotLine line) => line.Values.OfType<double>().ToList() is { Count: > 0 } known
        ? $"{line.Name}: last {Text(known[^1])}, least {Text(known.Min())}, most {Text(known.Max())}."
        : $"{line.Name}: nothing known.";
}

/// <summary>Values as people read them.</summary>
public static class PlotText
{
    /// <summary>A value; a dash while it is not known.</summary>
    /// <param name="value">The value.</param>
    /// <param name="unit">What it is.</param>
    public static string Of(double? value, PlotUnit unit) => value is { } known ? unit == PlotUnit.Milliseconds ? Duration(known) : Number(known) : "–";

    // Scripts say it in the same way: see figures.js.
    private static string Number(double number) => number.ToString(Math.Abs(number) switch { < 1 => "0.###", < 100 => "0.#", _ => "#,0" }, CultureInfo.InvariantCulture);

    private static string Duration(double milliseconds) => milliseconds switch
    {
        < 1000 => $"{Number(milliseconds)} ms",
        < 60_000 => (milliseconds / 1000).ToString(milliseconds < 10_000 ? "0.##" : "0.#", CultureInfo.InvariantCulture) + " s",
        _ => (milliseconds / 60_000).ToString("0.#", CultureInfo.InvariantCulture) + " min",
    };
}
