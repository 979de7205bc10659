using System.Globalization;
using Hypervize.Billing.Invoices;
using Hypervize.Billing.Ledger;
using Marten;

namespace Hypervize.Billing.Spending;

/// <summary>What an account spent in a calendar month (UTC) so far: the sum that usage shows.</summary>
/// <param name="Month">The month, such as <c>2026-11</c>.</param>
/// <param name="SpentUsd">US dollars, running meters included.</param>
/// <param name="BurnPerHour">US dollars per hour that running meters add.</param>
public sealed record MonthToDate(string Month, decimal SpentUsd, decimal BurnPerHour)
{
    private const int HoursOfAMonth = 31 * 24;

    /// <summary>The month of a time.</summary>
    /// <param name="now">The time.</param>
    public static string MonthOf(DateTimeOffset now) => now.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>When the month of a time began.</summary>
    /// <param name="now">The time.</param>
    public static DateTimeOffset StartOf(DateTimeOffset now) => new(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Adds meters up.</summary>
    /// <param name="meters">The account's meters that ended in the month or run, those that begin a little later by another clock included.</param>
    /// <param name="now">Now.</param>
    public static MonthToDate Of(IReadOnlyList<Meter> meters, DateTimeOffset now) =>
        new(MonthOf(now), Bill.Lines(meters, StartOf(now), now).Sum(l => l.Amount), Bill.BurnPerHour([.. meters.Where(m => m.To is null)]));

    /// <summary>Reads an account's meters and adds them up.</summary>
    /// <param name="session">A session.</param>
    /// <param name="accountId">The account.</param>
    /// <param name="now">Now.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<MonthToDate> ReadAsync(IQuerySession session, string accountId, DateTimeOffset now, CancellationToken cancel)
    {
        var start = StartOf(now);
        return Of(await session.Query<Meter>().Where(m => m.AccountId == accountId && (m.To == null || m.To > start)).ToListAsync(cancel), now);
    }

    /// <summary>Before when a cap can't be reached in this month, as long as no meter opens or closes.</summary>
    /// <param name="capUsd">The cap, above what was spent.</param>
    /// <param name="now">When this was added up.</param>
    public DateTimeOffset Earliest(decimal capUsd, DateTimeOffset now)
    {
        if (BurnPerHour == 0) return DateTimeOffset.MaxValue;
        var hours = (capUsd - SpentUsd) / BurnPerHour;
        // Meters are read at whole seconds, so the sum may be a second behind.
        return hours > HoursOfAMonth ? DateTimeOffset.MaxValue : now.AddHours((double)hours).AddSeconds(-1);
    }
}
