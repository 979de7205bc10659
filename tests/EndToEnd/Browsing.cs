using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Deque.AxeCore.Playwright;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Microsoft.Playwright;

namespace Hypervize.EndToEnd.Tests;

/// <summary>A browser as a person uses it: Chromium without a window. What its pages complain about is kept.</summary>
public sealed class Browsing : IAsyncDisposable
{
    // A busy machine draws late.
    private const float PatienceMs = 60_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _chromium;
    private readonly ConcurrentQueue<string> _complaints = new();

    private Browsing(IPlaywright playwright, IBrowser chromium, IBrowserContext context, Uri origin) => (_playwright, _chromium, Context, Origin) = (playwright, chromium, context, origin);

    /// <summary>Cookies and pages.</summary>
    public IBrowserContext Context { get; }

    /// <summary>Origin of the platform.</summary>
    public Uri Origin { get; }

    /// <summary>What the console said of errors, broken content-security policy included.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Starts one.</summary>
    public static async Task<Browsing> StartAsync(Platform platform)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(6));
        var program = await Chromium.FindAsync(_ => { }, patience.Token);
        var playwright = await Playwright.CreateAsync();
        var chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
        var context = await chromium.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 }, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(PatienceMs);
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        return new(playwright, chromium, context, new(platform.Url));
    }

    /// <summary>Opens a page, and waits until it answers to clicks.</summary>
    public async Task<IPage> OpenAsync(string address)
    {
        var page = await Context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error") _complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
        await GoAsync(page, address);
        return page;
    }

    /// <summary>Leads a page to another address.</summary>
    public async Task GoAsync(IPage page, string address)
    {
        await page.GotoAsync(new Uri(Origin, address).ToString());
        await page.WaitForSelectorAsync("main[data-live]", new() { State = WaitForSelectorState.Attached });
    }

    /// <summary>A link that signs in, for a key.</summary>
    public static async Task<string> LinkAsync(PlatformClient client, string? to = null) =>
        (string)(await client.CallAsync(HttpMethod.Post, "dashboard/links", CancellationToken.None, new JsonObject { ["to"] = to }))!["url"]!;

    /// <summary>What axe calls serious or critical on a page, a line each.</summary>
    public static async Task<IReadOnlyList<string>> BarriersAsync(IPage page) =>
        [.. (await page.RunAxe()).Violations.Where(v => v.Impact is "serious" or "critical").Select(v => $"{page.Url}: {v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(3).Select(n => n.Html))}")];

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
    }
}
