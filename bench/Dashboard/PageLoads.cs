
namespace Hypervize.Bench.Dashboard;

/// <summary>A page as it was loaded.</summary>
/// <param name="FirstPaintMs">Until something was drawn.</param>
/// <param name="InteractiveMs">Until it answered to clicks.</param>
/// <param name="Kb">What was transferred, in thousands of bytes; 0 where all but the page came from the browser's cache.</param>
internal sealed record PageLoad(double FirstPaintMs, double InteractiveMs, double Kb);

/// <summary>Loads the fleet, each time as on a first visit: with an empty cache.</summary>
internal static class PageLoads
{
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(2);

    /// <returns>The loads.</returns>
    public static async Task<IReadOnlyList<PageLoad>> MeasureAsync(Browser browser, Uri origin, int runs, Action<string> progress)
    {
        var loads = new List<PageLoad>();
        // The first one warms up what a service that has just started has never done.
        for (var i = -1; i < runs; i++)
        {
            progress($"Loading the fleet, {i + 1} of {runs}");
            var page = await browser.Context.NewPageAsync();
            var network = await browser.Context.NewCDPSessionAsync(page);
            var bytes = 0.0;
            await network.SendAsync("Network.enable");
            await network.SendAsync("Network.setCacheDisabled", new Dictionary<string, object> { ["cacheDisabled"] = true });
            network.Event("Network.loadingFinished").OnEvent += (_, e) => bytes += e?.GetProperty("encodedDataLength").GetDouble() ?? 0;
            await page.AddInitScriptAsync("new MutationObserver((_, me) => { if (document.querySelector('main[data-live]')) { window.liveAt = performance.now(); me.disconnect(); } }).observe(document, { subtree: true, childList: true, attributes: true });");
            await page.GotoAsync(new Uri(origin, "/dashboard/inference").ToString());
            await page.WaitForFunctionAsync("() => window.liveAt && document.querySelectorAll('.fleet tbody tr').length > 5");
            var paint = await page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0].startTime");
            var live = await page.EvaluateAsync<double>("() => window.liveAt");
            await Task.Delay(Settles);
            if (i >= 0) loads.Add(new(paint, live, bytes / 1000));
            await page.CloseAsync();
        }
        return loads;
    }
}
