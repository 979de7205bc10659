using Hypervize.Billing.Ledger;
using Hypervize.Billing.Spending;

namespace Hypervize.Billing.Tests;

/// <summary>What was spent in a month, and when a cap may be reached.</summary>
public sealed class MonthSpecs
{
    private const decimal Hourly = 3.6m;
    private static readonly DateTimeOffset December = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Only_what_lies_in_the_month_counts_and_what_runs_is_read_now() =>
        Assert.Equal(new("2026-12", 2.5m * Hourly, Hourly), MonthToDate.Of([Meter(-2, 1), Meter(-5, -3), Meter(0.5, null)], December.AddHours(2)));

    [Fact]
    public void The_last_moment_of_a_month_is_not_the_next_one()
    {
        Assert.Equal("2026-11", MonthToDate.MonthOf(December.AddTicks(-1)));
        Assert.Equal(December.AddMonths(-1), MonthToDate.StartOf(December.AddTicks(-1)));
        Assert.Equal(("2026-12", December), (MonthToDate.MonthOf(December), MonthToDate.StartOf(December)));
    }

    [Fact]
    public void A_cap_is_never_reached_before_its_earliest_time_and_is_soon_after()
    {
        var now = December.AddHours(2.00011);
        var meters = new[] { Meter(0, null), Meter(1, 1.5) };
        var earliest = MonthToDate.Of(meters, now).Earliest(20, now);
        Assert.InRange(MonthToDate.Of(meters, earliest.AddSeconds(-1)).SpentUsd, 0, 19.999999m);
        Assert.InRange(MonthToDate.Of(meters, earliest.AddSeconds(2)).SpentUsd, 20, 21);
    }

    [Fact]
    public void What_does_not_run_or_runs_slowly_reaches_no_cap_in_a_month()
    {
        Assert.Equal(DateTimeOffset.MaxValue, MonthToDate.Of([Meter(0, 1)], December.AddHours(2)).Earliest(5, December.AddHours(2)));
        Assert.Equal(DateTimeOffset.MaxValue, MonthToDate.Of([Meter(0, null)], December.AddHours(2)).Earliest(1_000_000_000, December.AddHours(2)));
    }

    [Fact]
    public void A_meter_that_begins_a_little_later_by_another_clock_is_expected_to_cost() =>
        Assert.InRange(MonthToDate.Of([Meter(2.0001, null)], December.AddHours(2)).Earliest(3.6m, December.AddHours(2)), December.AddHours(2), December.AddHours(3));

    private static Meter Meter(double from, double? to) => new()
    {
        Id = Guid.NewGuid(), AccountId = "acct-1", EndpointId = "endpt-000000000001", NodeId = $"node-{from}", Hardware = "g5.xlarge", PricePerHour = Hourly,
        AddOns = [], From = December.AddHours(from), To = to is { } hours ? December.AddHours(hours) : null, OpenedBy = Guid.NewGuid(),
    };
}
