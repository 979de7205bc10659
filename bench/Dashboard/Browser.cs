using Hypervize.Cli.Platform;
using Microsoft.Playwright;

namespace Hypervize.Bench.Dashboard;

/// <summary>A browser without a window, signed in to a dashboard.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _chromium;

    private Browser(IPlaywright playwright, IBrowser chromium, IBrowserContext context) => (_playwright, _chromium, Context) = (playwright, chromium, context);

    /// <summary>Its cookies and pages.</summary>
    public IBrowserContext Context { get; }

    /// <summary>Starts one.</summary>
    /// <param name="link">A link that signs in.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="isDark">Whether it prefers dark pages.</param>
    /// <param name="isShared">Whether all its pages share one process: where many are open and none is measured.</param>
    public static async Task<Browser> OpenAsync(string link, Action<string> progress, CancellationToken cancel, bool isDark = false, bool isShared = false)
    {
        var program = await Chromium.FindAsync(progress, cancel);
        var playwright = await Playwright.CreateAsync();
        var chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-dev-shm-usage", .. isShared ? (string[])["--process-per-site"] : []] });
        var context = await chromium.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 800 }, ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
        var page = await context.NewPageAsync();
        await page.GotoAsync(link);
        await LiveAsync(page);
        await page.CloseAsync();
        return new(playwright, chromium, context);
    }

    /// <summary>Waits until a page answers to clicks.</summary>
    /// <param name="page">The page.</param>
    public static Task LiveAsync(IPage page) => page.WaitForSelectorAsync("main[data-live]", new() { State = WaitForSelectorState.Attached });

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
    }
}
