using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Billing;

namespace Hypervize.Dashboard.Endpoints.Cost;

/// <summary>A charge as it is shown.</summary>
/// <param name="It">The charge.</param>
/// <param name="Usd">US dollars, rounded so that all charges add up to what they come to.</param>
public sealed record CostLine(Line It, decimal Usd);

/// <summary>What an endpoint cost.</summary>
/// <param name="Period">The days of the charges.</param>
/// <param name="At">When it was asked: what runs is read here.</param>
/// <param name="Today">US dollars of today (UTC).</param>
/// <param name="Month">US dollars of this month (UTC).</param>
/// <param name="AllTime">US dollars since it was created.</param>
/// <param name="Total">US dollars of the period, as they are shown.</param>
/// <param name="Lines">The charges of the period, newest first; they add up to its total.</param>
public sealed record CostView(
    UsagePeriod Period, DateTimeOffset At, decimal Today, decimal Month, decimal AllTime, decimal Total, IReadOnlyList<CostLine> Lines)
{
    /// <summary>Reads what an endpoint cost.</summary>
    /// <param name="api">The platform.</param>
    /// <param name="it">The endpoint.</param>
    /// <param name="period">The days of which charges are shown.</param>
    /// <param name="now">Now; all is read at this moment, so that it agrees.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<CostView> ReadAsync(PlatformApi api, EndpointResource it, UsagePeriod period, DateTimeOffset now, CancellationToken cancel)
    {
        var ever = UsagePeriod.Of(PeriodName.AllTime, UsagePeriod.DayOf(now), UsagePeriod.DayOf(it.CreatedAt));
        var whole = UsageReading.ReadAsync(api, ever, it.Id, lines: false, now, cancel);
        var chosen = UsageReading.ReadAsync(api, period, it.Id, lines: true, now, cancel);
        await Task.WhenAll(whole, chosen);
        return Of(await whole, await chosen, period, now);
    }

    /// <summary>Arranges what an endpoint cost.</summary>
    /// <param name="whole">Since it was created.</param>
    /// <param name="chosen">In the period, with its charges.</param>
    /// <param name="period">The period.</param>
    /// <param name="now">When it was asked.</param>
    public static CostView Of(Usage whole, Usage chosen, UsagePeriod period, DateTimeOffset now)
    {
        var today = UsagePeriod.DayOf(now);
        var days = whole.Endpoints.SelectMany(e => e.Days).ToList();
        var total = Rounded.One(chosen.Total, Rounded.MoneyDecimals);
        var lines = (chosen.Lines ?? []).Reverse().ToList();
        var parts = Rounded.Parts([.. lines.Select(l => l.Amount)], total, Rounded.MoneyDecimals);
        return new(period, now, days.Where(d => d.Day == today).Sum(d => d.Total), days.Where(d => (d.Day.Year, d.Day.Month) == (today.Year, today.Month)).Sum(d => d.Total),
            whole.Total, total, [.. lines.Select((l, i) => new CostLine(l, parts[i]))]);
    }
}
