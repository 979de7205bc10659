using Bunit;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Tests;

/// <summary>The page of one endpoint: what it is, what it does now, and what its owner can have it do.</summary>
public sealed class EndpointPageSpecs : PageContext
{
    private const string Route = $"v1/endpoints/{Some.EndpointId}";

    public EndpointPageSpecs() => Platform.Answer($"GET {Route}/events", new TimelinePage([], null));

    [Fact]
    public void An_endpoint_says_what_it_is_what_serves_and_what_it_costs()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 1.006m, [new(Some.EndpointId, 1, 1.006m)]));
        var page = Shown();
        page.WaitForAssertion(() => Assert.Contains("$1.006", page.Find(".head").TextContent));
        Assert.Equal("chat", page.Find("h1").TextContent);
        var head = page.Find(".head").TextContent;
        foreach (var said in (string[])["Online", "acme/tiny on g5.xlarge", "simulated", Some.EndpointId, "1 of 0–4"]) Assert.Contains(said, head);
        Assert.Equal(Some.EndpointId, page.Find(".head [data-copy]").GetAttribute("data-copy"));
    }

    [Theory]
    [InlineData(null, "Overview")]
    [InlineData("overview", "Overview")]
    [InlineData("configuration", "Configuration")]
    public void Its_parts_are_links_and_the_one_that_is_shown_is_marked(string? tab, string title)
    {
        Platform.Has(Some.Endpoint);
        var page = Shown(tab);
        page.WaitForAssertion(() => Assert.Equal(title, page.Find("nav.tabs [aria-current=page]").TextContent));
        Assert.Equal(
            ["", "/playground", "/telemetry", "/scaling", "/logs", "/configuration", "/cost"],
            page.FindAll("nav.tabs a").Select(a => a.GetAttribute("href")!.Replace($"inference/blocks/{Some.EndpointId}", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(EndpointStatus.Up, "Sleep now", "Disable")]
    [InlineData(EndpointStatus.Waking, "Sleep now", "Disable")]
    [InlineData(EndpointStatus.Hibernated, "Wake", "Disable")]
    [InlineData(EndpointStatus.Building, "Disable")]
    [InlineData(EndpointStatus.Failed, "Disable")]
    [InlineData(EndpointStatus.Disabled, "Enable")]
    public void What_it_can_be_had_do_fits_its_status(EndpointStatus status, params string[] words)
    {
        Platform.Has(Some.Endpoint with { Status = status });
        var page = Shown("logs");
        page.WaitForAssertion(() => Assert.Equal(words, page.FindAll("[role=group] > button").Select(b => b.TextContent)));
    }

    [Fact]
    public async Task While_it_is_done_its_button_says_so_and_a_second_click_does_nothing()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer($"POST {Route}/hibernate", Some.Endpoint, 202);
        var held = new TaskCompletionSource();
        Platform.Before = (path, _) => path == $"POST {Route}/hibernate" ? held.Task : Task.CompletedTask;
        var page = Shown("logs");
        page.WaitForElement("[role=group] button");
        await page.InvokeAsync(() => page.Find("[role=group] button").Click());
        page.WaitForAssertion(() => Assert.Equal("Falling asleep…", page.Find("[role=group] button").TextContent));
        await page.InvokeAsync(() => page.Find("[role=group] button").Click());
        held.SetResult();
        page.WaitForAssertion(() => Assert.Equal("Sleep now", page.Find("[role=group] button").TextContent));
        Assert.Single(Platform.Asked, a => a.Call == $"POST {Route}/hibernate");
    }

    [Fact]
    public async Task One_that_may_not_sleep_says_why_and_where_to_change_it()
    {
        Platform.Has(Some.Endpoint with { Scaling = new(2, 4, 300, 16) });
        Platform.Refuse($"POST {Route}/hibernate", 409, "minimum_above_zero", "It may not sleep: scaling.min is 2.");
        var page = Shown("logs");
        page.WaitForElement("[role=group] button");
        await page.InvokeAsync(() => page.Find("[role=group] button").Click());
        page.WaitForAssertion(() => Assert.Contains("at least 2 nodes must run", page.Find(".notice").TextContent));
        Assert.EndsWith("/configuration", page.Find(".notice a").GetAttribute("href"));
    }

    [Fact]
    public async Task It_is_asked_before_it_is_switched_off()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer($"POST {Route}/disable", Some.Endpoint, 202);
        var page = Shown("logs");
        page.WaitForElement("[role=group] .danger");
        await page.InvokeAsync(() => page.Find("[role=group] .danger").Click());
        Assert.DoesNotContain(Platform.Asked, a => a.Call == $"POST {Route}/disable");
        await page.InvokeAsync(() => page.Find("[role=group] dialog form").Submit());
        page.WaitForAssertion(() => Assert.Contains(Platform.Asked, a => a.Call == $"POST {Route}/disable"));
    }

    [Fact]
    public async Task What_failed_says_why_and_what_to_do_and_can_be_tried_again()
    {
        Platform.Has(Some.Endpoint with { Status = EndpointStatus.Failed, Nodes = [], Failure = new(FailureCode.StartExited, "It ended with code 1.", "CUDA out of <memory>") });
        Platform.Answer($"POST {Route}/enable", Some.Endpoint, 202);
        var page = Shown("logs");
        page.WaitForAssertion(() => Assert.Contains("start_exited", page.Find(".failure").TextContent));
        var said = page.Find(".failure").TextContent;
        foreach (var part in (string[])["It ended with code 1.", "What to do:", "CUDA out of <memory>"]) Assert.Contains(part, said);
        await page.InvokeAsync(() => page.Find(".failure button").Click());
        page.WaitForAssertion(() => Assert.Contains(Platform.Asked, a => a.Call == $"POST {Route}/enable"));
    }

    [Fact]
    public void One_that_serves_with_too_few_nodes_warns()
    {
        Platform.Has(Some.Endpoint with { Wanted = 2, Degraded = new(FailureCode.CapacityUnavailable, "There is none.", null) });
        var page = Shown("logs");
        page.WaitForAssertion(() => Assert.Contains("1 of 2 wanted nodes ready. There was no capacity.", page.Find(".notice.warning").TextContent));
    }

    [Fact]
    public void One_that_wakes_says_what_goes_on_and_how_long_it_takes()
    {
        Platform.Has(Some.Endpoint with { Status = EndpointStatus.Waking, StatusSince = Some.Now.AddSeconds(-10), Nodes = [] });
        Platform.Answer($"GET {Route}/logs", new { endpointId = Some.EndpointId, nodes = Array.Empty<object>(), fetching = (string[])["Fetching acme/tiny: 1.00 of 2.00 GB (50 %), 100 MB/s"] });
        Platform.Answer($"GET {Route}/events", new TimelinePage([Woken(1, -600), Ready(2, -560)], null));
        var page = Shown("logs");
        page.WaitForAssertion(() => Assert.Contains("1.00 of 2.00 GB (50 %)", page.Find(".start").TextContent));
        page.WaitForAssertion(() => Assert.Contains("10 s of about 40 s", page.Find(".start").TextContent));
        Assert.Equal("0.25", page.Find(".start progress").GetAttribute("value"));
        page.WaitForAssertion(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(20));
            Assert.Contains("longer than the 40 s of earlier starts", page.Find(".start").TextContent);
        });
    }

    [Fact]
    public void One_that_is_not_there_is_said_not_to_be()
    {
        Platform.Refuse($"GET {Route}", 404, "endpoint_not_found", "There is none.");
        var page = Shown();
        page.WaitForAssertion(() => Assert.Contains("There is no such endpoint", page.Find("h1").TextContent));
    }

    [Fact]
    public void One_that_is_deleted_while_it_is_looked_at_keeps_its_timeline()
    {
        Platform.Has(Some.Endpoint);
        Platform.Answer($"GET {Route}/events", new TimelinePage([Woken(1, -600), Ready(2, -560)], null));
        var page = Shown("logs");
        page.WaitForElement("nav.tabs");
        Platform.Refuse($"GET {Route}", 410, "endpoint_deleted", "It was deleted.");
        Platform.HasNoLonger(Some.EndpointId);
        page.WaitForAssertion(() =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Contains("was deleted", page.Find("h1").TextContent);
        });
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".timeline li").Count));
    }

    [Fact]
    public void What_is_not_live_is_said_not_to_be()
    {
        Platform.Has(Some.Endpoint);
        Platform.IsUp = false;
        var page = Shown("logs");
        page.WaitForAssertion(() => Assert.Contains("Not live", page.Find(".notice.warning").TextContent));
        Assert.Equal("chat", page.Find("h1").TextContent);
    }

    private IRenderedComponent<Hypervize.Dashboard.Endpoints.EndpointPage> Shown(string? tab = null) => Show<Hypervize.Dashboard.Endpoints.EndpointPage>(p => p.Add(e => e.Id, Some.EndpointId).Add(e => e.Tab, tab));

    private static TimelineEntry Woken(long version, int seconds) => Timeline.Entry(version, seconds, "endpoint_woken", new EndpointWoken("a request waits", 1, "proxy-1", Some.Now.AddSeconds(seconds)));

    private static TimelineEntry Ready(long version, int seconds) =>
        Timeline.Entry(version, seconds, "node_ready", new NodeReady("node-1", "http://127.0.0.1:1", "g5.xlarge", 1.006m, [], Some.Now.AddSeconds(seconds), null, Some.Now.AddSeconds(seconds)));
}
