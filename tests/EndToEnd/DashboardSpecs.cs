using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hypervize.Cli.Client;
using Hypervize.Cli.Running;
using Hypervize.Kit;
using Microsoft.Playwright;

namespace Hypervize.EndToEnd.Tests;

/// <summary>The dashboard as a person uses it, in a real browser over the whole platform.</summary>
public sealed class DashboardSpecs(Platform platform) : IClassFixture<Platform>, IAsyncLifetime
{
    private const string Script = "<img src=x onerror=\"window.stolen=1\">";
    private Browsing _browser = null!;

    public async Task InitializeAsync() => _browser = await Browsing.StartAsync(platform);

    public async Task DisposeAsync() => await _browser.DisposeAsync();

    [Fact]
    public async Task An_endpoint_s_whole_life_is_lived_in_the_browser()
    {
        // Signing in by a key, as one who has no link.
        var page = await _browser.Context.NewPageAsync();
        await page.GotoAsync(new Uri(_browser.Origin, "/dashboard/inference").ToString());
        await page.GetByLabel("API key").FillAsync(platform.OperatorKey);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForSelectorAsync("main[data-live]", new() { State = WaitForSelectorState.Attached });

        // Deploying by the form, which shows the price first.
        await _browser.GoAsync(page, "/dashboard/inference/new");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Model", Exact = true }).FillAsync("Qwen/Qwen2.5-0.5B-Instruct");
        await Assertions.Expect(page.GetByText(new Regex(@"\$\d+\.\d{2}")).First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name", Exact = true }).FillAsync("by browser");
        await page.GetByRole(AriaRole.Button, new() { Name = "Deploy" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/dashboard/inference/blocks/endpt-"));
        var id = page.Url.Split('/').First(part => part.StartsWith("endpt-", StringComparison.Ordinal));
        Assert.Equal("by browser", (string)(await platform.ShowAsync(id))["name"]!);
        await SeenAsync(page, "Online");

        // Talking to it.
        await ChatAsync(page, id, "What are you?");

        // It sleeps, and is woken by talking to it: no error, a calm word.
        await platform.DoAsync(id, "hibernate");
        await SeenAsync(page, "Sleeping");
        var woken = ChatAsync(page, id, "Are you awake?", sleeping: true);
        await woken;
        await SeenAsync(page, "Online");

        // Another bound of its scaling.
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/configuration");
        await page.GetByLabel(new Regex("^(Most nodes|Max)", RegexOptions.IgnoreCase)).First.FillAsync("3");
        await page.Keyboard.PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Eventually.TrueAsync(async () => (int)(await platform.ShowAsync(id))["scaling"]!["max"]! == 3, "the new bound to be saved");

        // What happened, and what it cost.
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}");
        await Assertions.Expect(page.GetByText("Wakes, by").First).ToBeVisibleAsync();
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/cost");
        await Assertions.Expect(page.GetByText("g5.xlarge").Or(page.GetByText("simulated")).First).ToBeVisibleAsync();

        // Its end, by typing its name.
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/configuration");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("by browser");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/dashboard/inference$"));
        Assert.Equal("deleted", (string)(await platform.EventsAsync(id))[^1]["type"]! is "endpoint_deleted" or "node_stopped" or "node_draining" ? "deleted" : "there");
        Assert.Equal("", string.Join('\n', _browser.Complaints));
    }

    [Fact]
    public async Task No_page_keeps_anybody_out_who_can_t_see_it()
    {
        var id = await platform.CreateAsync("accessible");
        await platform.UntilAsync(id, "up");
        var page = await _browser.OpenAsync(await Browsing.LinkAsync(platform.Client));
        var barriers = new List<string>();
        foreach (var path in Pages(id))
        {
            await _browser.GoAsync(page, $"/dashboard/{path}");
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            await page.WaitForFunctionAsync("() => !document.querySelector('[aria-busy=true]')");
            barriers.AddRange(await Browsing.BarriersAsync(page));
            // As another looks at it: in the dark, on a phone.
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            await page.SetViewportSizeAsync(360, 740);
            barriers.AddRange(await Browsing.BarriersAsync(page));
            if (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth")) barriers.Add($"{page.Url}: wider than a phone");
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            await page.SetViewportSizeAsync(1280, 900);
        }
        Assert.Equal("", string.Join('\n', barriers));
        Assert.Equal("", string.Join('\n', _browser.Complaints));
    }

    [Fact]
    public async Task What_others_wrote_never_runs()
    {
        var id = await platform.CreateAsync("script");
        await platform.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{id}", CancellationToken.None, new JsonObject { ["telemetry"] = true });
        await platform.UntilAsync(id, "up");
        var node = (string)(await platform.ShowAsync(id))["nodes"]![0]!["id"]!;
        var output = Directory.GetFiles(Path.Combine(platform.Installation.Folder, "nodes"), "output.log", SearchOption.AllDirectories).Single(f => f.Contains(node, StringComparison.Ordinal));
        await File.AppendAllTextAsync(output, $"{Script}\n");
        var page = await _browser.OpenAsync(await Browsing.LinkAsync(platform.Client));
        foreach (var path in Pages(id))
        {
            await _browser.GoAsync(page, $"/dashboard/{path}");
            Assert.Null(await page.EvaluateAsync<int?>("() => window.stolen ?? null"));
        }
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/logs");
        await Assertions.Expect(page.GetByText("window.stolen").First).ToBeVisibleAsync();
        await ChatAsync(page, id, Script);
        Assert.Null(await page.EvaluateAsync<int?>("() => window.stolen ?? null"));
        Assert.Equal("", string.Join('\n', _browser.Complaints));
    }

    [Fact]
    public async Task A_page_comes_back_by_itself_when_the_dashboard_was_killed()
    {
        var id = await platform.CreateAsync("survivor");
        await platform.UntilAsync(id, "up");
        var page = await _browser.OpenAsync(await Browsing.LinkAsync(platform.Client));
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}");
        await SeenAsync(page, "Online");
        await platform.Installation.KillServiceAsync(ServiceTable.Dashboard);
        await Assertions.Expect(page.GetByText("Reconnecting…")).ToBeVisibleAsync();
        await platform.DoAsync(id, "hibernate");
        await platform.Installation.StartServiceAsync(ServiceTable.Dashboard, CancellationToken.None);
        await SeenAsync(page, "Sleeping");
        Assert.EndsWith($"/dashboard/inference/blocks/{id}", page.Url);
    }

    [Fact]
    public async Task However_fast_a_search_is_typed_it_loses_no_letter()
    {
        await platform.CreateAsync("searched for");
        var page = await _browser.OpenAsync(await Browsing.LinkAsync(platform.Client));
        await _browser.GoAsync(page, "/dashboard/inference");
        var search = page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" });
        await search.PressSequentiallyAsync("searched for nothing", new() { Delay = 15 });
        await page.WaitForURLAsync(new Regex("q=searched%20for%20nothing$"));
        await Assertions.Expect(search).ToHaveValueAsync("searched for nothing");
    }

    [Fact]
    public async Task A_page_with_something_unsaved_goes_when_its_session_ends_in_another_tab()
    {
        var id = await platform.CreateAsync("edited");
        var page = await _browser.OpenAsync(await Browsing.LinkAsync(platform.Client));
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/configuration");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("not saved");
        await Assertions.Expect(page.GetByText("not saved", new() { Exact = false }).First).ToBeVisibleAsync();
        var asked = 0;
        page.Dialog += async (_, dialog) =>
        {
            asked++;
            await dialog.DismissAsync();
        };
        var other = await _browser.Context.NewPageAsync();
        await _browser.GoAsync(other, "/dashboard/inference");
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/dashboard/sign-in"));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Another_account_s_endpoint_is_not_there()
    {
        var id = await platform.CreateAsync("not yours");
        var other = (await platform.Client.CallAsync(HttpMethod.Post, "v1/accounts", CancellationToken.None, new JsonObject { ["name"] = "Other" }))!;
        using var client = new PlatformClient(platform.Url, (string)other["firstKey"]!["key"]!);
        var page = await _browser.Context.NewPageAsync();
        await page.GotoAsync(await Browsing.LinkAsync(client));
        await page.WaitForSelectorAsync("main[data-live]", new() { State = WaitForSelectorState.Attached });
        foreach (var path in Pages(id).Where(p => p.Contains(id, StringComparison.Ordinal)))
        {
            Assert.Equal(404, (await page.GotoAsync(new Uri(_browser.Origin, $"/dashboard/{path}").ToString()))!.Status);
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is no such endpoint" })).ToBeVisibleAsync();
        }
        Assert.Equal(404, (await page.GotoAsync(new Uri(_browser.Origin, "/dashboard/nowhere").ToString()))!.Status);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is nothing here" })).ToBeVisibleAsync();
        await page.GotoAsync(_browser.Origin.ToString());
        await Assertions.Expect(page).ToHaveTitleAsync(new Regex("^Inference"));
        var relayed = await page.APIRequest.GetAsync(new Uri(_browser.Origin, $"/dashboard/relay/endpoints/{id}/logs").ToString(), new() { Headers = [new("Accept", "text/event-stream")] });
        Assert.Equal(404, relayed.Status);
    }

    [Fact]
    public async Task Who_is_signed_out_sees_nothing_more()
    {
        var key = (string)(await platform.Client.CallAsync(HttpMethod.Post, "v1/keys", CancellationToken.None, new JsonObject { ["name"] = "short-lived", ["scope"] = "global" }))!["key"]!;
        using var client = new PlatformClient(platform.Url, key);
        var page = await _browser.Context.NewPageAsync();
        await page.GotoAsync(await Browsing.LinkAsync(client));
        await page.WaitForSelectorAsync("main[data-live]", new() { State = WaitForSelectorState.Attached });
        var id = (string)(await platform.Client.CallAsync(HttpMethod.Get, "v1/keys", CancellationToken.None))!["keys"]!.AsArray().Single(k => (string)k!["name"]! == "short-lived")!["id"]!;
        await platform.Client.CallAsync(HttpMethod.Delete, $"v1/keys/{id}", CancellationToken.None);
        await page.WaitForURLAsync(new Regex("/dashboard/sign-in"));

        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = _browser.Origin };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/dashboard/relay/endpoints/endpt-000000000001/logs")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.PostAsync("/dashboard/_blazor/negotiate", null)).StatusCode);
    }

    private static IEnumerable<string> Pages(string id) =>
    [
        "inference", "inference/new", "keys", "billing", "hardware", $"inference/blocks/{id}",
        .. ((string[])["playground", "telemetry", "scaling", "logs", "configuration", "cost"]).Select(tab => $"inference/blocks/{id}/{tab}"),
    ];

    private async Task ChatAsync(IPage page, string id, string prompt, bool sleeping = false)
    {
        await _browser.GoAsync(page, $"/dashboard/inference/blocks/{id}/playground");
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync(prompt);
        await page.Keyboard.PressAsync("Enter");
        if (sleeping) await Assertions.Expect(page.GetByText(new Regex("waking up", RegexOptions.IgnoreCase)).First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText(new Regex(@"tokens/s")).Last).ToBeVisibleAsync();
    }

    private static Task SeenAsync(IPage page, string badge) => Assertions.Expect(page.Locator(".badge").First).ToHaveTextAsync(badge, new() { IgnoreCase = true });
}
