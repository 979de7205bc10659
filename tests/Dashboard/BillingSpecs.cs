using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Billing;

namespace Hypervize.Dashboard.Tests;

/// <summary>What the account costs, and what it may cost.</summary>
public sealed class BillingSpecs : PageContext
{
    private const string Gone = "endpt-0000000000e9";
    private static readonly DateOnly Today = new(2026, 11, 20);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    public BillingSpecs() => Platform.Answer("GET v1/billing/usage", Usages.Of());

    [Fact]
    public async Task The_month_is_projected_by_what_runs_now_and_says_so()
    {
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 2m, [new(Some.EndpointId, 2, 2m)]));
        Spent(10m);
        var page = Show<BillingPage>();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Equal(["$10.00", "$2.00 /h"], page.FindAll(".card.figure strong").Take(2).Select(f => f.TextContent)));
        // Ten days and a half are left, and as time goes on a little less.
        Assert.InRange(Usages.Dollars(page.FindAll(".card.figure strong")[2].TextContent), 513.9m, 514m);
        Assert.Contains("if what runs now runs on, and nothing else starts, for 10 d 1", page.FindAll(".card.figure small")[^1].TextContent);
    }

    [Fact]
    public async Task A_cap_that_the_projection_passes_says_when()
    {
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 2m, [new(Some.EndpointId, 2, 2m)]));
        Spent(10m, cap: 58m);
        var page = Show<BillingPage>();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Contains("the cap is reached about 2026-11-21 12:00 UTC", page.Markup));
    }

    [Fact]
    public async Task A_cap_is_set()
    {
        Spent(10m);
        Platform.Answer("PUT v1/billing/cap", new CapResource(Some.AccountId, "USD", 250.5m, "2026-11", 10m, false));
        var page = Show<BillingPage>();
        await TypeAsync(page, "$1,250.50");
        await page.InvokeAsync(() => page.Find(".cap form").Submit());
        page.WaitForAssertion(() => Assert.Contains("$250.50", page.Find(".cap .state").TextContent));
        Assert.Equal(1250.50m, (decimal)Put()["monthlyUsd"]!);
        Assert.Contains("The cap is", page.Find(".cap .done").TextContent);
    }

    [Fact]
    public async Task A_cap_is_removed()
    {
        Spent(10m, cap: 20m);
        Platform.Answer("PUT v1/billing/cap", new CapResource(Some.AccountId, "USD", null, "2026-11", 10m, false));
        var page = Show<BillingPage>();
        await Usages.HoldsAsync(Time, Breath, () => Assert.NotEmpty(page.FindAll(".cap button[type=button]")));
        await page.InvokeAsync(() => page.Find(".cap button[type=button]").Click());
        page.WaitForAssertion(() => Assert.Contains("No cap is set", page.Find(".cap .state").TextContent));
        Assert.True(Put().AsObject().ContainsKey("monthlyUsd"));
        Assert.Null(Put()["monthlyUsd"]);
    }

    [Fact]
    public async Task One_below_what_is_spent_says_what_comes_of_it_before_it_is_set()
    {
        Spent(10m);
        var page = Show<BillingPage>();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Contains("$10.00", page.Markup));
        await TypeAsync(page, "9.99");
        page.WaitForAssertion(() => Assert.Contains("it is reached at once", page.Find("#cap-warning").TextContent));
        Assert.Contains("calls to all endpoints of this account are refused", page.Find("#cap-warning").TextContent);
        Assert.Contains("have calls refused", page.Find(".cap button[type=submit]").TextContent);
        Assert.DoesNotContain(Platform.Asked, a => a.Call.StartsWith("PUT", StringComparison.Ordinal));
        await TypeAsync(page, "10.01");
        page.WaitForAssertion(() => Assert.Equal("", page.Find("#cap-warning").TextContent.Trim()));
    }

    [Fact]
    public async Task A_cap_that_is_refused_says_why_beside_the_field()
    {
        Spent(10m);
        Platform.Refuse("PUT v1/billing/cap", 422, "invalid_request", "Some fields are wrong.", ("monthlyUsd", "must have at most 2 decimals"));
        var page = Show<BillingPage>();
        await TypeAsync(page, "12.345");
        await page.InvokeAsync(() => page.Find(".cap form").Submit());
        page.WaitForAssertion(() => Assert.Equal("It must have at most 2 decimals.", page.Find("#cap-wrong").TextContent));
        Platform.Refuse("PUT v1/billing/cap", 403, "scope_missing", "This needs a key with scope global.");
        await page.InvokeAsync(() => page.Find(".cap form").Submit());
        page.WaitForAssertion(() => Assert.Equal("This needs a key with scope global.", page.Find("#cap-wrong").TextContent));
        Assert.Equal("true", page.Find(".cap input").GetAttribute("aria-invalid"));
    }

    [Fact]
    public async Task What_is_no_amount_is_not_sent()
    {
        var page = Show<BillingPage>();
        await TypeAsync(page, "a lot");
        await page.InvokeAsync(() => page.Find(".cap form").Submit());
        page.WaitForAssertion(() => Assert.Contains("Give an amount", page.Find("#cap-wrong").TextContent));
        Assert.DoesNotContain(Platform.Asked, a => a.Call.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_may_not_change_the_cap_sees_it_and_no_form()
    {
        Spent(10m, cap: 20m);
        var page = Show<BillingPage>(session: Some.Session with { Scopes = [KeyScope.Manage] });
        await Usages.HoldsAsync(Time, Breath, () => Assert.Contains("$20.00", page.Find(".cap .state").TextContent));
        Assert.Empty(page.FindAll(".cap form"));
        Assert.Contains("needs a key of scope global", page.Find(".cap").TextContent);
    }

    [Fact]
    public async Task A_cap_that_is_reached_says_that_calls_are_refused()
    {
        Platform.Answer("GET v1/billing/cap", new CapResource(Some.AccountId, "USD", 10m, "2026-11", 10.02m, true));
        var page = Show<BillingPage>();
        await Usages.HoldsAsync(Time, Breath, () => Assert.Contains("is reached: calls are refused", page.Find(".cap .notice").TextContent));
    }

    [Fact]
    public void Usage_is_listed_by_endpoint_and_the_deleted_by_their_id()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 3m, seconds: 3600), Usages.Charge(Today.AddDays(-1), 1m, seconds: 5400, endpoint: Gone)));
        var page = Show<BillingPage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".usage tbody").Count));
        page.WaitForAssertion(() => Assert.Equal("chat", page.Find(".usage tbody a").TextContent));
        Assert.Contains("1.00", page.FindAll(".usage tbody")[0].TextContent);
        Assert.Contains("75.0 %", page.FindAll(".usage tbody")[0].TextContent);
        Assert.Contains(Gone, page.FindAll(".usage tbody")[1].TextContent);
        Assert.Contains("deleted", page.FindAll(".usage tbody")[1].TextContent);
        Assert.Contains("$4.00", page.Find(".usage tfoot").TextContent);
        Assert.Contains("2.50", page.Find(".usage tfoot").TextContent);
    }

    [Fact]
    public async Task An_endpoint_opens_into_its_days_which_add_up_to_it()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of([.. Enumerable.Range(0, 7).Select(i => Usages.Charge(Today.AddDays(-i), 0.000333m, seconds: 1))]));
        var page = Show<BillingPage>();
        page.WaitForElement(".usage tbody button");
        await page.InvokeAsync(() => page.Find(".usage tbody button").Click());
        page.WaitForAssertion(() => Assert.Equal(7, page.FindAll(".usage tr.day").Count));
        Assert.Equal("true", page.Find(".usage tbody button").GetAttribute("aria-expanded"));
        var days = page.FindAll(".usage tr.day").Select(r => Usages.Dollars(r.Children[2].TextContent)).Sum();
        Assert.Equal(Usages.Dollars(page.Find(".usage tbody tr").Children[2].TextContent), days);
    }

    [Fact]
    public void Days_are_drawn_and_told_in_a_table()
    {
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 3m), Usages.Charge(Today.AddDays(-2), 1m, endpoint: Gone)));
        var page = Show<BillingPage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("svg.bars rect").Count));
        Assert.Contains("$4.00 in all", page.Find("svg.bars > title").TextContent);
        // From the first of the month until today.
        Assert.Equal(20, page.FindAll("details tbody tr").Count);
        Assert.Equal(4m, page.FindAll("details tbody tr").Sum(r => Usages.Dollars(r.Children[2].TextContent)));
    }

    [Fact]
    public void A_period_stands_in_the_address_and_is_asked_for()
    {
        Navigation.NavigateTo("billing?period=last-month");
        var page = Show<BillingPage>();
        page.WaitForAssertion(() => Assert.Contains(Platform.Asked, a => a.Call.EndsWith("usage?from=2026-10-01T00:00:00.000Z&to=2026-11-01T00:00:00.000Z", StringComparison.Ordinal)));
        page.WaitForAssertion(() => Assert.Contains("2026-10-01 to 2026-10-31", page.Find(".total").TextContent));
        Assert.Equal("Last month", page.Find(".period [aria-current]").TextContent);
        Assert.Equal("billing/usage.csv?from=2026-10-01&to=2026-10-31", page.Find("a[download]").GetAttribute("href"));
    }

    [Fact]
    public async Task Chosen_days_that_can_t_be_are_refused_beside_their_field()
    {
        var page = Show<BillingPage>();
        await page.InvokeAsync(() => page.FindAll(".period input")[0].Change("2026-11-19"));
        await page.InvokeAsync(() => page.FindAll(".period input")[1].Change("2026-11-21"));
        await page.InvokeAsync(() => page.Find(".period form").Submit());
        page.WaitForAssertion(() => Assert.Contains("today is 2026-11-20", page.Find("#period-to-wrong").TextContent));
        await page.InvokeAsync(() => page.FindAll(".period input")[1].Change("2026-11-20"));
        await page.InvokeAsync(() => page.Find(".period form").Submit());
        page.WaitForAssertion(() => Assert.EndsWith("?from=2026-11-19&to=2026-11-20", Navigation.Uri));
    }

    [Fact]
    public void An_address_that_asks_for_what_can_t_be_shown_says_what_is_shown_instead()
    {
        Navigation.NavigateTo("billing?from=2026-11-31&to=tomorrow");
        var page = Show<BillingPage>();
        page.WaitForAssertion(() => Assert.Contains("Shown is this month", page.Find(".notice").TextContent));
    }

    [Fact]
    public async Task Usage_that_can_t_be_had_says_so()
    {
        Platform.Refuse("GET v1/billing/usage", 503, "platform_unavailable", "Billing is away.");
        var page = Show<BillingPage>();
        page.WaitForAssertion(() => Assert.Contains("Billing is away.", page.Markup));
        Platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 3m)));
        await Usages.HoldsAsync(Time, TimeSpan.FromSeconds(15), () =>
        {
            Assert.Contains("$3.00", page.Find(".total").TextContent);
        });
        Assert.DoesNotContain("Billing is away.", page.Markup);
    }

    private void Spent(decimal usd, decimal? cap = null) => Platform.Answer("GET v1/billing/cap", new CapResource(Some.AccountId, "USD", cap, "2026-11", usd, false));

    private System.Text.Json.Nodes.JsonNode Put() => Platform.Asked.Single(a => a.Call == "PUT v1/billing/cap").Body!;

    private static Task TypeAsync(IRenderedComponent<BillingPage> page, string text) => page.InvokeAsync(() => page.Find(".cap input").Input(text));
}
