using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Cost;

namespace Hypervize.Dashboard.Tests;

/// <summary>What an endpoint costs, and why.</summary>
public sealed class CostSpecs : PageContext
{
    private static readonly DateOnly Today = new(2026, 11, 20);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void What_it_cost_today_this_month_and_ever_stands_first()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of(
            Usages.Charge(Today, 0.5m), Usages.Charge(Today.AddDays(-3), 1.25m), Usages.Charge(Today.AddMonths(-1), 2m)));
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Equal(["$0.50", "$1.75", "$3.75"], tab.FindAll(".card.figure strong").Skip(1).Select(f => f.TextContent)));
    }

    [Fact]
    public async Task Burn_comes_from_what_runs_now()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 2.012m, [new(Some.EndpointId, 2, 2.012m)]));
        var tab = Tab();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Equal("$2.012 /h", tab.Find(".card.figure strong").TextContent));
    }

    [Fact]
    public void Every_charge_names_the_events_that_opened_and_closed_it()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today.AddDays(-1), 0.5m, closed: Usages.Closed), Usages.Charge(Today, 0.25m, subject: "node-2")));
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Equal(2, tab.FindAll(".lines tbody tr").Count));
        var (newer, older) = (tab.FindAll(".lines tbody tr")[0], tab.FindAll(".lines tbody tr")[1]);
        Assert.Contains("running", newer.TextContent);
        Assert.Contains("node-2", newer.TextContent);
        Assert.Equal(["11111111", "22222222"], older.QuerySelectorAll("[data-copy]").Select(c => c.TextContent));
        Assert.Equal([$"{Usages.Opened}", $"{Usages.Closed}"], older.QuerySelectorAll("[data-copy]").Select(c => c.GetAttribute("data-copy")));
    }

    [Fact]
    public void What_is_shown_of_charges_adds_up_to_what_is_shown_of_their_total()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of([.. Enumerable.Range(0, 11).Select(i => Usages.Charge(Today.AddDays(-i), 0.000150m))]));
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Equal(11, tab.FindAll(".lines tbody tr").Count));
        var charges = tab.FindAll(".lines tbody td.number:nth-child(7)").Select(c => Usages.Dollars(c.TextContent)).ToList();
        Assert.Equal(Usages.Dollars(tab.Find(".lines tfoot .number").TextContent), charges.Sum());
        Assert.Contains("$0.0017", tab.Find(".total").TextContent);
    }

    [Fact]
    public void Charges_are_asked_for_of_the_days_in_the_address()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        Navigation.NavigateTo("inference/blocks/x?from=2026-11-02&to=2026-11-03");
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Contains(Asked(), c => c.Contains("from=2026-11-02T00:00:00.000Z&to=2026-11-04T00:00:00.000Z", StringComparison.Ordinal) && c.EndsWith("&lines=true", StringComparison.Ordinal)));
        tab.WaitForAssertion(() => Assert.Contains("2026-11-02 to 2026-11-03", tab.Find(".total").TextContent));
        Assert.Equal($"billing/usage.csv?from=2026-11-02&to=2026-11-03&lines=true&endpoint={Some.EndpointId}", tab.Find("a[download]").GetAttribute("href"));
    }

    [Fact]
    public void All_time_of_an_old_endpoint_is_asked_for_in_pieces()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 0.5m)));
        var tab = Tab(It(createdAt: Some.Now.AddDays(-400)));
        tab.WaitForAssertion(() => Assert.Contains("$1.00", tab.FindAll(".card.figure strong")[3].TextContent));
        Assert.Equal(2, Asked().Count(c => !c.Contains("lines", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_change_of_the_endpoint_has_sums_asked_for_again()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Contains("Nothing was charged", tab.Markup));
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 0.5m)));
        tab.Render(p => p.Add(t => t.It, It() with { Version = 5 }));
        await Usages.HoldsAsync(Time, TimeSpan.FromMilliseconds(500), () =>
        {
            Assert.Contains("$0.50", tab.Find(".total").TextContent);
        });
    }

    [Fact]
    public async Task What_runs_is_added_up_every_quarter_of_a_minute()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 1m, [new(Some.EndpointId, 1, 1m)]));
        var tab = Tab();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Equal("$1.00 /h", tab.Find(".card.figure strong").TextContent));
        var before = Asked().Count;
        await Usages.HoldsAsync(Time, TimeSpan.FromSeconds(15), () =>
        {
            Assert.True(Asked().Count > before);
        });
    }

    [Fact]
    public void A_locked_price_says_what_locked_it()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        var tab = Tab(It() with { Quote = "quote-0000000000q1" });
        tab.WaitForAssertion(() => Assert.Contains("locked by quote-0000000000q1", tab.Find(".quote").TextContent));
    }

    [Fact]
    public async Task A_bill_that_can_t_be_read_says_so_and_stays_as_it_was()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 0.5m)));
        var tab = Tab();
        tab.WaitForAssertion(() => Assert.Contains("$0.50", tab.Find(".total").TextContent));
        Platform.Refuse("GET v1/billing/usage", 503, "platform_unavailable", "Billing is away.");
        tab.Render(p => p.Add(t => t.It, It() with { Version = 6 }));
        await Usages.HoldsAsync(Time, TimeSpan.FromMilliseconds(500), () =>
        {
            Assert.Contains("Billing is away.", tab.Find(".notice").TextContent);
        });
        Assert.Contains("$0.50", tab.Find(".total").TextContent);
    }

    [Fact]
    public async Task A_bill_recomputed_from_events_is_held_against_the_stored_one()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        Platform.Answer("POST v1/billing/replay", new ReplayReport(Some.AccountId, Some.Now.AddDays(-19), Some.Now, 1234, 12.3456m, 12.3456m, []));
        var tab = Tab();
        await tab.InvokeAsync(() => tab.Find(".recompute button").Click());
        tab.WaitForAssertion(() => Assert.Contains("Billed $12.3456 = replayed $12.3456", tab.Find(".same").TextContent));
        Assert.Contains("1,234 events", tab.Find(".same").TextContent);
        Assert.Contains("whole account", tab.Find(".same").TextContent);
    }

    [Fact]
    public async Task A_difference_is_shown_with_what_differs()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of());
        Platform.Answer("POST v1/billing/replay", new ReplayReport(Some.AccountId, Some.Now.AddDays(-19), Some.Now, 9, 12m, 12.5m, ["only replayed: node-9"]));
        var tab = Tab();
        await tab.InvokeAsync(() => tab.Find(".recompute button").Click());
        tab.WaitForAssertion(() => Assert.Contains("$0.50 too little was billed", tab.Find(".recompute .notice").TextContent));
        Assert.Contains("only replayed: node-9", tab.Find(".recompute .notice li").TextContent);
    }

    private static EndpointResource It(DateTimeOffset? createdAt = null) => Some.Endpoint with { CreatedAt = createdAt ?? Some.Now.AddDays(-60) };

    private IReadOnlyList<string> Asked() => [.. Platform.Asked.Select(a => a.Call).Where(c => c.StartsWith("GET v1/billing/usage", StringComparison.Ordinal))];

    private IRenderedComponent<CostTab> Tab(EndpointResource? it = null) => Show<CostTab>(p => p.Add(t => t.It, it ?? It()));
}
