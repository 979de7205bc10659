namespace Hypervize.Dashboard.Billing;

/// <summary>What a month costs in the end if what runs now runs on, and nothing else is started.</summary>
/// <param name="Usd">US dollars by the end of the month (UTC).</param>
/// <param name="Left">What is left of the month.</param>
/// <param name="CapReachedAt">When the cap is reached; null when it is not in this month, was already, or there is none.</param>
public sealed record Projection(decimal Usd, TimeSpan Left, DateTimeOffset? CapReachedAt)
{
    /// <summary>Projects.</summary>
    /// <param name="spent">US dollars that the month cost so far.</param>
    /// <param name="perHour">US dollars per hour that what runs costs.</param>
    /// <param name="cap">US dollars that it may cost; null for any.</param>
    /// <param name="now">Now.</param>
    public static Projection Of(decimal spent, decimal perHour, decimal? cap, DateTimeOffset now)
    {
        var end = new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        var left = end - now;
        var usd = spent + perHour * left.Ticks / TimeSpan.TicksPerHour;
        return new(usd, left, cap > spent && cap <= usd && perHour > 0 ? now.AddHours((double)((cap.Value - spent) / perHour)) : null);
    }
}
