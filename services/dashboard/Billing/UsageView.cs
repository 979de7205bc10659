using Hypervize.Contracts;

namespace Hypervize.Dashboard.Billing;

/// <summary>What an endpoint cost in a day, as it is shown.</summary>
/// <param name="Day">The day (UTC).</param>
/// <param name="NodeHours">Hours its nodes ran.</param>
/// <param name="Usd">US dollars.</param>
public sealed record DayFigures(DateOnly Day, decimal NodeHours, decimal Usd);

/// <summary>What an endpoint cost in a period, as it is shown.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="NodeHours">Hours its nodes ran.</param>
/// <param name="Usd">US dollars.</param>
/// <param name="Share">Hundredths of all that was paid; null when nothing was.</param>
/// <param name="Days">The same by day; they add up to it.</param>
public sealed record EndpointFigures(string EndpointId, decimal NodeHours, decimal Usd, decimal? Share, IReadOnlyList<DayFigures> Days);

/// <summary>What a period cost, as it is shown: all that stands below a total adds up to it.</summary>
/// <param name="Period">The days.</param>
/// <param name="At">When it was asked: what runs is read here.</param>
/// <param name="NodeHours">Hours that nodes ran.</param>
/// <param name="Usd">US dollars.</param>
/// <param name="Endpoints">By endpoint, the most expensive first.</param>
/// <param name="Days">US dollars by day, days that cost nothing included.</param>
public sealed record UsageView(
    UsagePeriod Period, DateTimeOffset At, decimal NodeHours, decimal Usd, IReadOnlyList<EndpointFigures> Endpoints, IReadOnlyList<DayFigures> Days)
{
    private const int HourDecimals = 2;
    private const int ShareDecimals = 1;
    private const decimal Whole = 100;

    /// <summary>Arranges usage.</summary>
    /// <param name="usage">What the platform answered.</param>
    /// <param name="period">The days.</param>
    /// <param name="at">When it was asked.</param>
    public static UsageView Of(Usage usage, UsagePeriod period, DateTimeOffset at)
    {
        var sorted = usage.Endpoints.OrderByDescending(e => e.Total).ThenBy(e => e.EndpointId, StringComparer.Ordinal).ToList();
        var (usd, hours) = (Rounded.One(usage.Total, Rounded.MoneyDecimals), Rounded.One(Hours(sorted.Sum(e => e.NodeSeconds)), HourDecimals));
        var parts = Money([.. sorted.Select(e => e.Total)], usd);
        var ran = Times([.. sorted.Select(e => e.NodeSeconds)], hours);
        var shares = usage.Total == 0 ? null : Rounded.Parts([.. sorted.Select(e => e.Total / usage.Total * Whole)], Whole, ShareDecimals);
        return new(period, at, hours, usd,
            [.. sorted.Select((e, i) => new EndpointFigures(e.EndpointId, ran[i], parts[i], shares?[i], ByDay([.. e.Days.OrderBy(d => d.Day)], ran[i], parts[i])))],
            ByDay([.. Every(period, sorted)], hours, usd));
    }

    /// <summary>A rest of the endpoints in one line.</summary>
    /// <param name="after">How many are not in it.</param>
    public EndpointFigures Rest(int after)
    {
        var rest = Endpoints.Skip(after).ToList();
        return new("", rest.Sum(e => e.NodeHours), rest.Sum(e => e.Usd), Usd == 0 ? null : rest.Sum(e => e.Share), []);
    }

    private static IReadOnlyList<DayFigures> ByDay(IReadOnlyList<DayUsage> days, decimal hours, decimal usd)
    {
        var (ran, parts) = (Times([.. days.Select(d => d.NodeSeconds)], hours), Money([.. days.Select(d => d.Total)], usd));
        return [.. days.Select((d, i) => new DayFigures(d.Day, ran[i], parts[i]))];
    }

    private static IEnumerable<DayUsage> Every(UsagePeriod period, IReadOnlyList<EndpointUsage> endpoints)
    {
        var byDay = endpoints.SelectMany(e => e.Days).ToLookup(d => d.Day);
        for (var day = period.From; day <= period.To; day = day.AddDays(1)) yield return new(day, byDay[day].Sum(d => d.NodeSeconds), byDay[day].Sum(d => d.Total));
    }

    private static IReadOnlyList<decimal> Money(IReadOnlyList<decimal> usd, decimal total) => Rounded.Parts(usd, total, Rounded.MoneyDecimals);

    private static IReadOnlyList<decimal> Times(IReadOnlyList<long> seconds, decimal hours) => Rounded.Parts([.. seconds.Select(Hours)], hours, HourDecimals);

    private static decimal Hours(long seconds) => seconds / 3600m;
}
