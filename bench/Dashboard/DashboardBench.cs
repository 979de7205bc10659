using System.CommandLine;
using Hypervize.Bench.Lifecycle;
using Hypervize.Cli.Client;
using Hypervize.Cli.Dashboard;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Bench.Dashboard;

/// <summary><c>hypervize bench dashboard</c>: what a person waits for in the browser.</summary>
internal static class DashboardBench
{
    private const int Fleet = 1000;

    public static Command Create(IAnsiConsole console)
    {
        var runs = new Option<int>("--runs") { Description = "Loads and changes to take the median of.", DefaultValueFactory = _ => 7 };
        runs.Validators.Add(r => { if (r.GetValueOrDefault<int>() < 1) r.AddError("--runs must be 1 or more."); });
        var screenshots = new Option<bool>("--screenshots") { Description = "Draw every page in both themes into docs/images instead, and measure nothing." };
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("dashboard", "What the dashboard takes in Chromium, with 1,000 endpoints. Takes some minutes; exits with 0 when every bar holds.") { runs, screenshots, json };
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<Figure> figures = [];
            await ProgressLine.ShowAsync(async progress =>
            {
                if (parsed.GetValue(screenshots)) await Screenshots.TakeAsync(Path.Combine(Checkout.Root, "docs", "images"), progress, cancel);
                else figures = await MeasureAsync(parsed.GetValue(runs), progress, cancel);
            });
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else if (figures.Count > 0) Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(int runs, Action<string> progress, CancellationToken cancel)
    {
        await using var stage = await Stage.SetAsync(progress, cancel);
        await stage.Installation.StartAsync(progress, cancel);
        await stage.OpenAsync(cancel);

        await using var browser = await Browser.OpenAsync(await DashboardCommand.LinkAsync(stage.Client, null, cancel), progress, cancel);
        var origin = new Uri(stage.Installation.Wiring.PublicUrl);
        List<Figure> figures = [];
        var keys = await LogFollow.MeasureAsync(stage, browser, origin, progress, cancel);
        Take(new("logInputLatencyMs", "ms", keys.Max(), 50,
            $"worst of {keys.Count} keys typed into the search of a log that grows by {LogFollow.LinesPerSecond} lines/s, until the next frame; median {Figure.Quantile(keys, 0.5):0.#} ms"));
        var ids = await FleetOf.CreateAsync(stage, Fleet, progress, cancel);
        await Idling.CalmAsync(stage, progress, cancel);
        var loads = await PageLoads.MeasureAsync(browser, origin, runs, progress);
        Take(new("firstContentfulPaintMs", "ms", Figure.Quantile(loads.Select(l => l.FirstPaintMs), 0.5), 600, $"the fleet of {Fleet} endpoints, loaded anew; median of {loads.Count}"));
        Take(new("interactiveMs", "ms", Figure.Quantile(loads.Select(l => l.InteractiveMs), 0.5), 1200, "the same, until it answers to clicks"));
        Take(new("firstPageKb", "KB", loads.Max(l => l.Kb), 700, "transferred by a first visit, compressed, scripts and styles included"));
        var changes = await StatusChanges.MeasureAsync(stage, browser, origin, ids[^1], runs, progress, cancel);
        Take(new("statusOnScreenMs", "ms", Figure.Quantile(changes, 0.5), 300, $"event committed → on screen, in that fleet; median of {changes.Count}"));
        Take(new("hundredPagesMb", "MiB", await OpenPages.MeasureAsync(stage, origin, progress, cancel), 300, $"growth of the dashboard's resident memory by {OpenPages.Pages} open pages of that fleet"));
        return figures;

        // Told as they come: what comes after them takes minutes.
        void Take(Figure figure)
        {
            figures.Add(figure);
            progress($"{figure.Key}: {figure.Measured}");
        }
    }
}
