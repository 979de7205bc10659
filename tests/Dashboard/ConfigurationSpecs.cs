using Bunit;
using Bunit.TestDoubles;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Configuration;

namespace Hypervize.Dashboard.Tests;

/// <summary>An endpoint's settings, to be changed.</summary>
public sealed class ConfigurationSpecs : PageContext
{
    private const string Route = $"v1/endpoints/{Some.EndpointId}";

    public ConfigurationSpecs() => Platform.Answer("GET v1/hardware", new HardwareList([], [new("telemetry", 0.15m)]));

    [Fact]
    public async Task Only_what_changed_is_sent_and_rests_on_what_was_seen()
    {
        Platform.Answer($"PATCH {Route}", Some.Endpoint with { Scaling = new(0, 8, 300, 16), Version = 5 });
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        page.WaitForAssertion(() => Assert.Contains("Most nodes: 4 → 8", page.Find(".save").TextContent));
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Contains("Saved.", page.Find(".save").TextContent));
        Assert.Equal(["""{"scaling":{"max":8}}"""], Sent());
        Assert.Equal(["\"4\""], Platform.RestedOn);
        page.WaitForAssertion(() => Assert.Equal("8", page.Find("#setting-scaling-max").GetAttribute("value")));
    }

    [Fact]
    public async Task What_is_out_of_bounds_is_refused_beside_the_field_and_not_sent()
    {
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("65"));
        page.WaitForAssertion(() => Assert.Contains("Must lie between 1 and 64, not be 65.", page.Find("#setting-scaling-max-error").TextContent));
        page.WaitForAssertion(() => Assert.Equal("true", page.Find("#setting-scaling-max").GetAttribute("aria-invalid")));
        page.WaitForAssertion(() => Assert.Contains("setting-scaling-max-error", page.Find("#setting-scaling-max").GetAttribute("aria-describedby")));
        page.WaitForAssertion(() => Assert.Equal("65", page.Find("#setting-scaling-max").GetAttribute("value")));
        await page.InvokeAsync(() => page.Find("form").Submit());
        Assert.Empty(Sent());
    }

    [Fact]
    public async Task What_the_platform_refuses_stands_beside_the_field_until_it_is_edited()
    {
        Platform.Refuse($"PATCH {Route}", 422, "invalid_request", "Some fields are wrong.", ("scaling.max", "is too much for this account"));
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Contains("is too much for this account", page.Find("#setting-scaling-max-error").TextContent));
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("6"));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("#setting-scaling-max-error")));
    }

    [Fact]
    public async Task Scale_to_zero_is_a_fewest_of_no_nodes()
    {
        var page = Configuration(Some.Endpoint with { Scaling = new(2, 4, 300, 16) });
        var flag = page.Find(".card > .flag input");
        Assert.False(flag.HasAttribute("checked"));
        await page.InvokeAsync(() => flag.Change(true));
        page.WaitForAssertion(() => Assert.Equal("0", page.Find("#setting-scaling-min").GetAttribute("value")));
        page.WaitForAssertion(() => Assert.Contains("Fewest nodes: 2 → 0", page.Find(".save").TextContent));
    }

    [Fact]
    public void Telemetry_says_its_price_also_one_that_a_quote_locked()
    {
        var page = Configuration(Some.Endpoint);
        page.WaitForAssertion(() => Assert.Contains("$0.15 per hour", page.Find("#setting-telemetry-help").TextContent));

        var plan = new EndpointPlan("0", "quote-0123456789ab", null, 8192, null, 1.006m, 0.12m);
        var settings = new EndpointSettings("chat", "acme/tiny", "g5.xlarge", "simulator", new(0, 4, 300, 16), 60, EndpointAccess.Private, true);
        Platform.Answer($"GET {Route}/events", new TimelinePage([Timeline.Entry(1, 0, "endpoint_created", new EndpointCreated(Some.EndpointId, Some.AccountId, settings, 1, "laptop", Some.Now, plan))], null));
        var quoted = Configuration(Some.Endpoint with { Quote = plan.QuoteId });
        quoted.WaitForAssertion(() => Assert.Contains("$0.12 per hour", quoted.Find("#setting-telemetry-help").TextContent));
    }

    [Fact]
    public async Task Limits_of_addresses_show_while_anyone_may_call()
    {
        var page = Configuration(Some.Endpoint);
        Assert.Empty(page.FindAll("#setting-limits-perAddress-concurrent"));
        await page.InvokeAsync(() => page.Find("#setting-access").Change("public"));
        await page.InvokeAsync(() => page.Find("#setting-limits-perAddress-concurrent").Input("2"));
        Platform.Answer($"PATCH {Route}", Some.Endpoint with { Access = EndpointAccess.Public, Limits = new(PerAddress: new(Concurrent: 2)), Version = 5 });
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Equal(["""{"limits":{"perAddress":{"concurrent":2}},"access":"public"}"""], Sent()));
    }

    [Fact]
    public async Task Edits_survive_what_happens_meanwhile()
    {
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        page.Render(p => p.Add(c => c.It, Some.Endpoint with { Version = 9, Wanted = 2, HoldSeconds = 90 }));
        page.WaitForAssertion(() => Assert.Equal("8", page.Find("#setting-scaling-max").GetAttribute("value")));
        page.WaitForAssertion(() => Assert.Equal("90", page.Find("#setting-holdSeconds").GetAttribute("value")));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".overtaken")));
    }

    [Fact]
    public async Task What_somebody_else_changed_meanwhile_is_asked_about()
    {
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        page.Render(p => p.Add(c => c.It, Some.Endpoint with { Version = 5, Scaling = new(0, 6, 300, 16) }));
        page.WaitForAssertion(() => Assert.Contains("it is 6 now", page.Find(".overtaken").TextContent));
        page.WaitForAssertion(() => Assert.True(page.Find(".save button[type=submit]").HasAttribute("disabled")));
        page.WaitForElement(".overtaken .button + .button");
        await page.InvokeAsync(() => page.Find(".overtaken .button + .button").Click());
        page.WaitForAssertion(() => Assert.Equal("6", page.Find("#setting-scaling-max").GetAttribute("value")));
    }

    [Fact]
    public async Task A_version_that_is_only_newer_is_taken_up_and_the_change_sent_again()
    {
        Platform.Has(Some.Endpoint with { Version = 7 });
        var calls = 0;
        Platform.Answer($"PATCH {Route}", _ => ++calls == 1
            ? (412, new { code = "stale_version", detail = "It changed." })
            : (200, Some.Endpoint with { HoldSeconds = 90, Version = 8 }));
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-holdSeconds").Input("90"));
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Contains("Saved.", page.Find(".save").TextContent));
        Assert.Equal(["\"4\"", "\"7\""], Platform.RestedOn);
    }

    [Fact]
    public async Task A_version_in_which_somebody_changed_the_same_is_not_overwritten()
    {
        Platform.Has(Some.Endpoint with { HoldSeconds = 30, Version = 7 });
        Platform.Refuse($"PATCH {Route}", 412, "stale_version", "It changed.");
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-holdSeconds").Input("90"));
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Contains("it is 30 s now", page.Find(".overtaken").TextContent));
        page.WaitForAssertion(() => Assert.Contains("Changed by somebody else meanwhile: Holds requests for.", page.Find(".save").TextContent));
        Assert.Single(Sent());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_leaves_with_unsaved_changes_is_asked(bool leaves)
    {
        JSInterop.Setup<bool>("confirm", _ => true).SetResult(leaves);
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        page.WaitForElement(".save.open");
        Navigation.NavigateTo("inference");
        var history = ((BunitNavigationManager)Navigation).History;
        await Eventually.TrueAsync(() => history.Count == 1, "an answer to whether to leave");
        Assert.Equal(leaves ? NavigationState.Succeeded : NavigationState.Prevented, history.First().State);
    }

    [Fact]
    public async Task Who_leaves_without_changes_is_not_asked()
    {
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        page.WaitForElement(".save button[type=button]");
        await page.InvokeAsync(() => page.Find(".save button[type=button]").Click());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".save.open")));
        Navigation.NavigateTo("inference");
        await Eventually.TrueAsync(() => Navigation.Uri.EndsWith("/inference", StringComparison.Ordinal), "the fleet");
    }

    [Fact]
    public async Task It_is_deleted_when_its_name_is_typed_and_leads_to_the_fleet()
    {
        Platform.Answer($"DELETE {Route}", Some.Endpoint, 202);
        var page = Configuration(Some.Endpoint);
        Navigation.NavigateTo($"inference/blocks/{Some.EndpointId}/configuration");
        await page.InvokeAsync(() => page.Find("#setting-scaling-max").Input("8"));
        await page.InvokeAsync(() => Delete(page).Submit());
        await page.InvokeAsync(() => Delete(page).QuerySelector("input")!.Input("cha"));
        await page.InvokeAsync(() => Delete(page).Submit());
        Assert.DoesNotContain(Platform.Asked, a => a.Call == $"DELETE {Route}");
        await page.InvokeAsync(() => Delete(page).QuerySelector("input")!.Input("chat"));
        await page.InvokeAsync(() => Delete(page).Submit());
        await Eventually.TrueAsync(() => Navigation.Uri.EndsWith("/inference", StringComparison.Ordinal), "the fleet");
        Assert.Contains(Platform.Asked, a => a.Call == $"DELETE {Route}");
    }

    [Fact]
    public async Task A_deletion_that_is_refused_says_why()
    {
        Platform.Refuse($"DELETE {Route}", 409, "endpoint_busy", "Others change it. Try again.");
        var page = Configuration(Some.Endpoint);
        await page.InvokeAsync(() => Delete(page).QuerySelector("input")!.Input("chat"));
        await page.InvokeAsync(() => Delete(page).Submit());
        page.WaitForAssertion(() => Assert.Contains("Others change it. Try again.", Delete(page).TextContent));
    }

    private IRenderedComponent<ConfigurationTab> Configuration(EndpointResource it) => Show<ConfigurationTab>(p => p.Add(c => c.It, it));

    private List<string> Sent() => [.. Platform.Asked.Where(a => a.Call == $"PATCH {Route}").Select(a => a.Body!.ToJsonString())];

    private static AngleSharp.Dom.IElement Delete(IRenderedComponent<ConfigurationTab> page) =>
        page.FindAll("dialog").Single(d => d.GetAttribute("aria-label")!.StartsWith("Delete", StringComparison.Ordinal)).QuerySelector("form")!;
}
