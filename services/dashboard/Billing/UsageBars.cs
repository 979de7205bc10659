namespace Hypervize.Dashboard.Billing;

/// <summary>A part of a bar.</summary>
/// <param name="Series">Which series it belongs to: its place in <see cref="UsageBars.Series"/>.</param>
/// <param name="Usd">US dollars.</param>
/// <param name="Bottom">Where it begins, as a share of the scale.</param>
/// <param name="Height">How high it is, as a share of the scale.</param>
public sealed record BarPart(int Series, decimal Usd, double Bottom, double Height);

/// <summary>A day's bar.</summary>
/// <param name="Day">The day (UTC).</param>
/// <param name="Parts">Its parts, from below.</param>
public sealed record UsageBar(DateOnly Day, IReadOnlyList<BarPart> Parts);

/// <summary>What days cost, as bars.</summary>
/// <param name="Series">Ids of the endpoints that have a colour of their own, the most expensive first.</param>
/// <param name="Others">How many endpoints stand together in one more series after these.</param>
/// <param name="Bars">A bar for each day.</param>
/// <param name="Ticks">US dollars at which the scale has a line, from 0 on; the last one is its end.</param>
public sealed record UsageBars(IReadOnlyList<string> Series, int Others, IReadOnlyList<UsageBar> Bars, IReadOnlyList<decimal> Ticks)
{
    /// <summary>Most endpoints that have a colour of their own.</summary>
    public const int MostSeries = 7;

    private const int MostTicks = 4;
    private static readonly decimal[] Steps = [1, 2, 5, 10];

    /// <summary>Arranges bars.</summary>
    /// <param name="view">What is shown.</param>
    public static UsageBars Of(UsageView view)
    {
        // One that would stand alone among the others has a colour of its own.
        var own = view.Endpoints.Count <= MostSeries + 1 ? view.Endpoints.Count : MostSeries;
        var byDay = view.Endpoints.SelectMany((e, i) => e.Days.Select(d => (d.Day, Series: Math.Min(i, own), d.Usd))).ToLookup(d => d.Day);
        var days = view.Days.Select(d => (d.Day, Parts: byDay[d.Day].GroupBy(p => p.Series).Select(g => (Series: g.Key, Usd: g.Sum(p => p.Usd))).OrderBy(p => p.Series).ToList())).ToList();
        var ticks = Scale(days.Count == 0 ? 0 : days.Max(d => d.Parts.Sum(p => p.Usd)));
        return new([.. view.Endpoints.Take(own).Select(e => e.EndpointId)], view.Endpoints.Count - own, [.. days.Select(d => new UsageBar(d.Day, Stacked(d.Parts, ticks[^1])))], ticks);
    }

    private static List<BarPart> Stacked(IEnumerable<(int Series, decimal Usd)> parts, decimal top)
    {
        var (stacked, sum) = (new List<BarPart>(), 0m);
        foreach (var (series, usd) in parts.Where(p => p.Usd > 0))
        {
            stacked.Add(new(series, usd, (double)(sum / top), (double)(usd / top)));
            sum += usd;
        }
        return stacked;
    }

    private static IReadOnlyList<decimal> Scale(decimal most)
    {
        if (most <= 0) return [0, 1];
        var power = 0.0001m;
        while (power * 10 * MostTicks < most) power *= 10;
        var step = Steps.Select(s => s * power).First(s => s * MostTicks >= most);
        var count = (int)Math.Ceiling(most / step);
        return [.. Enumerable.Range(0, count + 1).Select(i => i * step)];
    }
}
