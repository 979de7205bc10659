using System.CommandLine;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Bench.Lifecycle;

/// <summary><c>hypervize bench lifecycle</c>: what our own machinery adds to the life of an endpoint.</summary>
internal static class LifecycleBench
{
    public static Command Create(IAnsiConsole console)
    {
        var runs = new Option<int>("--runs") { Description = "Starts, creations and wakes to take the median of.", DefaultValueFactory = _ => 20 };
        runs.Validators.Add(r => { if (r.GetValueOrDefault<int>() < 1) r.AddError("--runs must be 1 or more."); });
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("lifecycle", "What Hypervize adds to starting, waking, telling and idling. Takes some minutes; exits with 0 when every bar holds.") { runs, json };
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<Figure> figures = [];
            await ProgressLine.ShowAsync(async progress => figures = await MeasureAsync(parsed.GetValue(runs), progress, cancel));
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(int runs, Action<string> progress, CancellationToken cancel)
    {
        await using var stage = await Stage.SetAsync(progress, cancel);
        var ready = await Starts.MeasureAsync(stage, runs, progress, cancel);

        await stage.OpenAsync(cancel);
        var created = await Creations.MeasureAsync(stage, runs, progress, cancel);
        var woken = await Wakes.MeasureAsync(stage, runs, progress, cancel);
        var told = await Telling.MeasureAsync(stage, progress, cancel);
        var (idleCpu, rss) = await Idling.MeasureAsync(stage, progress, cancel);
        return
        [
            new("commitToConsumerMs.p50", "ms", Figure.Quantile(told, 0.5), 15, $"event committed → consumer's code, {Telling.PerSecond} events/s, {told.Count} events"),
            new("commitToConsumerMs.p99", "ms", Figure.Quantile(told, 0.99), 100, "the same"),
            new("createToUpOverheadMs", "ms", Figure.Quantile(created, 0.5), 500, $"create sent → up, less the runtime's own start; median of {created.Count}"),
            new("wakeOverheadMs", "ms", Figure.Quantile(woken, 0.5), 200, $"request sent → first byte, less the runtime's start and first token; median of {woken.Count}"),
            new("readyMs", "ms", Figure.Quantile(ready, 0.5), 10_000, $"services started → all ready; median of {ready.Count}"),
            new("rssMb", "MiB", rss, 1_100, "all services together"),
            new("idleCpuPercent", "%", idleCpu, 5, $"of one core, all services, over {Idling.Minute.TotalSeconds:0} s without a request"),
        ];
    }
}
