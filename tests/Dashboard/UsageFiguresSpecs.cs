using CsCheck;
using Hypervize.Dashboard.Billing;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Tests;

/// <summary>Figures of usage, before they are drawn.</summary>
public sealed class UsageFiguresSpecs
{
    private static readonly DateOnly Today = new(2026, 11, 20);

    [Fact]
    public void Rounded_parts_add_up_to_their_rounded_total_and_are_each_next_to_the_truth() => Gen.Int[0, 50_000_000].Select(n => n / 1_000_000m).List[0, 40].Sample(figures =>
    {
        var total = Rounded.One(figures.Sum(), Rounded.MoneyDecimals);
        var parts = Rounded.Parts(figures, total, Rounded.MoneyDecimals);
        Assert.Equal(total, parts.Sum());
        Assert.All(parts.Zip(figures), p => Assert.True(Math.Abs(p.First - p.Second) < 0.0001m));
    });

    [Fact]
    public void All_that_stands_below_a_total_adds_up_to_it()
    {
        var gen = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 19], Gen.Int[1, 3_000_000], Gen.Int[1, 86_400]).List[1, 60];
        gen.Sample(charges =>
        {
            var view = UsageView.Of(
                Usages.Of([.. charges.Select(c => Usages.Charge(Today.AddDays(-c.Item2), c.Item3 / 1_000_000m, c.Item4, $"endpt-00000000000{c.Item1}"))]), UsagePeriod.Of(PeriodName.ThisMonth, Today, null), Some.Now);
            Assert.Equal(view.Usd, view.Endpoints.Sum(e => e.Usd));
            Assert.Equal(view.Usd, view.Days.Sum(d => d.Usd));
            Assert.Equal(view.NodeHours, view.Endpoints.Sum(e => e.NodeHours));
            Assert.Equal(100, view.Endpoints.Sum(e => e.Share));
            Assert.All(view.Endpoints, e => Assert.Equal((e.Usd, e.NodeHours), (e.Days.Sum(d => d.Usd), e.Days.Sum(d => d.NodeHours))));
            Assert.Equal(view.Usd, view.Endpoints.Take(2).Sum(e => e.Usd) + view.Rest(2).Usd);
        });
    }

    [Fact]
    public void The_most_expensive_endpoints_have_colours_of_their_own_and_the_others_share_one()
    {
        var view = UsageView.Of(
            Usages.Of([.. Enumerable.Range(0, 12).Select(i => Usages.Charge(Today, 12 - i, endpoint: $"endpt-0000000000{i:00}"))]), UsagePeriod.Of(PeriodName.Last7Days, Today, null), Some.Now);
        var bars = UsageBars.Of(view);
        Assert.Equal((7, 5, 7), (bars.Series.Count, bars.Others, bars.Bars.Count));
        var parts = bars.Bars[^1].Parts;
        Assert.Equal(8, parts.Count);
        Assert.Equal(78m, parts.Sum(p => p.Usd));
        Assert.True(bars.Ticks[^1] >= 78m);
        Assert.Equal((double)(78m / bars.Ticks[^1]), parts[^1].Bottom + parts[^1].Height, 6);
    }

    [Theory]
    [InlineData("0.0003")]
    [InlineData("0.07")]
    [InlineData("3")]
    [InlineData("41")]
    [InlineData("99999.99")]
    public void A_scale_has_few_lines_and_room_for_the_highest_bar(string most)
    {
        var usd = decimal.Parse(most, System.Globalization.CultureInfo.InvariantCulture);
        var ticks = UsageBars.Of(UsageView.Of(Usages.Of(Usages.Charge(Today, usd)), UsagePeriod.Of(PeriodName.Last7Days, Today, null), Some.Now)).Ticks;
        Assert.InRange(ticks.Count, 2, 5);
        Assert.InRange(usd, ticks[^2], ticks[^1]);
    }

    [Fact]
    public void Nothing_has_a_scale_too() => Assert.Equal([0, 1], UsageBars.Of(UsageView.Of(Usages.Of(), UsagePeriod.Of(PeriodName.Last7Days, Today, null), Some.Now)).Ticks);

    [Theory]
    [InlineData(PeriodName.ThisMonth, "2026-11-01", "2026-11-20")]
    [InlineData(PeriodName.LastMonth, "2026-10-01", "2026-10-31")]
    [InlineData(PeriodName.Last7Days, "2026-11-14", "2026-11-20")]
    [InlineData(PeriodName.Last30Days, "2026-10-22", "2026-11-20")]
    [InlineData(PeriodName.AllTime, "2025-01-15", "2026-11-20")]
    public void A_period_has_its_days(PeriodName name, string from, string to)
    {
        var period = UsagePeriod.Of(name, Today, new DateOnly(2025, 1, 15));
        Assert.Equal((from, to), (UsagePeriod.Text(period.From), UsagePeriod.Text(period.To)));
        var said = period.Parameters();
        var (read, wrong) = UsagePeriod.Parse((string?)said["period"], (string?)said["from"], (string?)said["to"], Today, new DateOnly(2025, 1, 15));
        Assert.Equal(period, read);
        Assert.Null(wrong);
    }

    [Theory]
    [InlineData("2026-11-02", "2026-11-01", true, false)]
    [InlineData("2026-11-21", "2026-11-21", true, true)]
    [InlineData("2025-11-19", "2026-11-20", false, true)]
    [InlineData("1.11.2026", "", true, true)]
    [InlineData("2025-11-20", "2026-11-20", false, false)]
    public void Days_that_can_t_be_chosen_are_told_apart(string from, string to, bool fromIsWrong, bool toIsWrong)
    {
        var entry = UsagePeriod.Choose(from, to, Today);
        Assert.Equal((fromIsWrong, toIsWrong), (entry.FromWrong is not null, entry.ToWrong is not null));
        Assert.Equal(fromIsWrong || toIsWrong, entry.Period is null);
    }

    [Fact]
    public void A_long_time_is_asked_for_in_pieces_that_meet_at_midnight_and_end_now()
    {
        var period = new UsagePeriod(PeriodName.AllTime, Today.AddDays(-400), Today);
        Assert.Equal(["from=2025-10-16T00:00:00.000Z&to=2026-10-17T00:00:00.000Z", "from=2026-10-17T00:00:00.000Z&to=2026-11-20T12:00:00.000Z"], period.Questions(Some.Now));
    }

    [Theory]
    [InlineData("250", "250")]
    [InlineData(" $1,250.50 ", "1250.50")]
    [InlineData("1,000,000", "1000000")]
    [InlineData("-1", "-1")]
    [InlineData("250,50", null)]
    [InlineData("", null)]
    [InlineData("1e9", null)]
    public void An_amount_is_read_as_it_was_meant_or_not_at_all(string text, string? usd)
    {
        var (read, wrong) = CapEntry.Parse(text);
        Assert.Equal(usd, read?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(usd is null, wrong is not null);
    }

    [Fact]
    public void A_projection_goes_on_until_the_month_ends()
    {
        Assert.Equal(new Projection(514, TimeSpan.FromHours(252), null), Projection.Of(10, 2, null, Some.Now));
        Assert.Equal(Some.Now.AddHours(24), Projection.Of(10, 2, 58, Some.Now).CapReachedAt);
        Assert.Null(Projection.Of(10, 2, 515, Some.Now).CapReachedAt);
        Assert.Null(Projection.Of(10, 2, 5, Some.Now).CapReachedAt);
    }

    [Fact]
    public async Task Only_the_newest_of_several_questions_is_answered()
    {
        var newest = new NewestQuestion();
        var slow = new TaskCompletionSource();
        var first = newest.AskAsync(cancel => slow.Task.WaitAsync(cancel), CancellationToken.None);
        Assert.True(await newest.AskAsync(_ => Task.CompletedTask, CancellationToken.None));
        Assert.False(await first);
    }
}
