using Hypervize.Bench.Lifecycle;
using Hypervize.Cli.Running;

namespace Hypervize.Bench.Dashboard;

/// <summary>What a hundred people cost who look at a fleet of a thousand endpoints.</summary>
internal static class OpenPages
{
    public const int Pages = 100;

    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(10);

    /// <returns>MiB.</returns>
    public static async Task<double> MeasureAsync(Stage stage, string link, Uri origin, Action<string> progress, CancellationToken cancel)
    {
        await using var browser = await Browser.OpenAsync(link, progress, cancel, isShared: true);
        await Task.Delay(Settles, cancel);
        var before = Rss(stage);
        for (var i = 1; i <= Pages; i++)
        {
            cancel.ThrowIfCancellationRequested();
            progress($"Opening pages, {i} of {Pages}");
            var page = await browser.Context.NewPageAsync();
            await page.GotoAsync(new Uri(origin, "/dashboard/inference").ToString());
            await Browser.LiveAsync(page);
        }
        await Task.Delay(Settles, cancel);
        return Rss(stage) - before;
    }

    private static double Rss(Stage stage) => StatusCommand.Rss(stage.Installation.ProcessOf(ServiceTable.Dashboard)!.Pid) ?? 0;
}
