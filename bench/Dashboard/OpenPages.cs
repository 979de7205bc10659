using Hypervize.Bench.Lifecycle;
using Hypervize.Cli.Dashboard;
using Hypervize.Cli.Running;

namespace Hypervize.Bench.Dashboard;

/// <summary>What a hundred people cost who look at a fleet of a thousand endpoints.</summary>
internal static class OpenPages
{
    public const int Pages = 100;

    // One process that draws them all takes longer for each page that it has; a process for each takes the memory.
    private const int PagesOfABrowser = 20;
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(10);

    /// <returns>MiB.</returns>
    public static async Task<double> MeasureAsync(Stage stage, Uri origin, Action<string> progress, CancellationToken cancel)
    {
        await Task.Delay(Settles, cancel);
        var (before, browsers) = (Rss(stage), new Stack<Browser>());
        try
        {
            for (var i = 0; i < Pages; i++)
            {
                cancel.ThrowIfCancellationRequested();
                progress($"Opening pages, {i + 1} of {Pages}");
                if (i % PagesOfABrowser == 0) browsers.Push(await Browser.OpenAsync(await DashboardCommand.LinkAsync(stage.Client, null, cancel), progress, cancel, isShared: true));
                var page = await browsers.Peek().Context.NewPageAsync();
                await page.GotoAsync(new Uri(origin, "/dashboard/inference").ToString());
                await Browser.LiveAsync(page);
            }
            await Task.Delay(Settles, cancel);
            return Rss(stage) - before;
        }
        finally
        {
            foreach (var browser in browsers) await browser.DisposeAsync();
        }
    }

    private static double Rss(Stage stage) => StatusCommand.Rss(stage.Installation.ProcessOf(ServiceTable.Dashboard)!.Pid) ?? 0;
}
