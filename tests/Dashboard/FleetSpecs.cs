using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Fleet;

namespace Hypervize.Dashboard.Tests;

/// <summary>The fleet at a glance.</summary>
public sealed class FleetSpecs : PageContext
{
    [Fact]
    public async Task Nobody_s_fleet_says_how_to_begin()
    {
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Contains("No endpoint yet", page.Markup));
        Assert.Equal("inference/new", page.Find(".empty a").GetAttribute("href"));
    }

    [Fact]
    public async Task Every_endpoint_is_listed_with_its_status_and_cost()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 1.006m, [new(Some.EndpointId, 1, 1.006m)]));
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Contains("$1.006", page.Find(".fleet tbody tr").TextContent));
        Assert.Contains("Online", page.Find(".fleet tbody tr").TextContent);
        Assert.Equal($"inference/blocks/{Some.EndpointId}", page.Find(".fleet tbody a").GetAttribute("href"));
    }

    [Fact]
    public async Task A_change_of_status_is_shown_without_a_reload()
    {
        Platform.Has(Some.Endpoint);
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Contains("Online", page.Find(".fleet tbody tr").TextContent));
        Platform.Has(Some.Endpoint with { Status = EndpointStatus.Hibernated, Version = 5 });
        await HoldsAsync(() => Assert.Contains("Sleeping", page.Find(".fleet tbody tr").TextContent));
    }

    [Fact]
    public async Task What_is_searched_for_stands_in_the_address()
    {
        Platform.Has(Some.Endpoint);
        Platform.Has(Some.Endpoint with { Id = "endpt-0000000000e2", Name = "embedder" });
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Equal(2, page.FindAll(".fleet tbody tr").Count));
        await page.InvokeAsync(() => page.Find("input[type=search]").Input("embed"));
        Assert.EndsWith("inference?q=embed", Navigation.Uri);
    }

    [Fact]
    public async Task A_link_to_all_empties_the_search()
    {
        Platform.Has(Some.Endpoint);
        var page = Show<FleetPage>();
        await page.InvokeAsync(() => page.Find("input[type=search]").Input("nothing like it"));
        Navigation.NavigateTo("inference");
        await HoldsAsync(() => Assert.Equal("", page.Find("input[type=search]").GetAttribute("value") ?? ""));
    }

    [Fact]
    public void What_is_typed_is_not_overwritten_by_an_address_that_comes_round_late()
    {
        var search = new SearchText();
        search.Arrive("");
        foreach (var text in (string[])["c", "ch", "cha"]) search.Type(text);
        search.Arrive("c");
        Assert.Equal("cha", search.Text);
        search.Type("chat");
        search.Arrive("ch");
        Assert.Equal("chat", search.Text);
        search.Arrive("chat");
        Assert.Equal("chat", search.Text);
    }

    [Fact]
    public void An_address_that_typing_did_not_ask_for_is_shown()
    {
        var search = new SearchText();
        search.Arrive("from a link");
        Assert.Equal("from a link", search.Text);
        search.Type("c");
        search.Type("ch");
        search.Arrive("ch");
        // Back in the history, to what was passed over on the way.
        search.Arrive("c");
        Assert.Equal("c", search.Text);
    }

    [Fact]
    public async Task A_platform_that_is_away_is_said_to_be()
    {
        Platform.IsUp = false;
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Contains("can't be shown just now", page.Markup));
    }

    [Fact]
    public async Task A_column_is_sorted_by_as_its_head_says()
    {
        Platform.Has(Some.Endpoint with { Model = "b/model" });
        Platform.Has(Some.Endpoint with { Id = "endpt-0000000000e2", Model = "a/model", CreatedAt = Some.Endpoint.CreatedAt.AddHours(-1) });
        var page = Show<FleetPage>();
        await HoldsAsync(() => Assert.Equal(["b/model", "a/model"], Models()));
        Assert.Empty(page.FindAll("th[aria-sort]"));
        foreach (var (sorted, models) in ((string?, string[])[])[("ascending", ["a/model", "b/model"]), ("descending", ["b/model", "a/model"]), (null, ["b/model", "a/model"])])
        {
            await page.InvokeAsync(() => page.FindAll("th button").Single(b => b.TextContent.StartsWith("Model", StringComparison.Ordinal)).Click());
            await HoldsAsync(() => Assert.Equal((sorted, string.Join(' ', models)), (page.FindAll("th[aria-sort]").SingleOrDefault()?.GetAttribute("aria-sort"), string.Join(' ', Models()))));
        }

        string[] Models() => [.. page.FindAll(".fleet tbody tr").Select(r => r.TextContent.Contains("a/model", StringComparison.Ordinal) ? "a/model" : "b/model")];
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData("tiny", "up", "-burn")]
    [InlineData("a&b", "waking", "name")]
    public void An_address_says_what_was_asked_for(string search, string? status, string? sort)
    {
        var query = FleetQuery.Parse(search, status, sort);
        var said = query.Parameters();
        Assert.Equal(query, FleetQuery.Parse((string?)said["q"], (string?)said["status"], (string?)said["sort"]));
    }

    [Theory]
    [InlineData("17", "17")]
    [InlineData("nonsense", "--")]
    public void What_an_address_says_wrongly_is_not_said(string status, string sort) => Assert.Equal(FleetQuery.Parse(null, null, null), FleetQuery.Parse("", status, sort) with { IsReversed = false });
}
