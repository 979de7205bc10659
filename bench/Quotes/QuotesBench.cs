using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Spectre.Console;

namespace Hypervize.Bench.Quotes;

/// <summary><c>hypervize bench quotes</c>: what a quote takes beside what the Hub takes.</summary>
internal static class QuotesBench
{
    private const int WarmUp = 50;

    public static Command Create(IAnsiConsole console)
    {
        var runs = new Option<int>("--runs") { Description = "Quotes to measure.", DefaultValueFactory = _ => 500 };
        runs.Validators.Add(r => { if (r.GetValueOrDefault<int>() < 1) r.AddError("--runs must be 1 or more."); });
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("quotes", "What a quote takes, by way of the front door, beside the Hub's own time. Exits with 0 when every bar holds.") { runs, json };
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<double> quoted = [];
            await ProgressLine.ShowAsync(async progress => quoted = await MeasureAsync(parsed.GetValue(runs), progress, cancel));
            IReadOnlyList<Figure> figures =
            [
                new("quoteMs.p50", "ms", Figure.Quantile(quoted, 0.5), 20, $"POST /v1/quotes of a model that was read before, less the Hub's own time; {quoted.Count} one after the other"),
                new("quoteMs.p95", "ms", Figure.Quantile(quoted, 0.95), 20, "the same"),
            ];
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<double>> MeasureAsync(int runs, Action<string> progress, CancellationToken cancel)
    {
        await using var hub = TimedHub.Start();
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Url); // Services inherit it.
        var installation = Installation.Of(DataDirectory.NewInstance("bench"));
        try
        {
            await installation.StartAsync(progress, cancel);
            using var platform = new PlatformClient(installation.Wiring.PublicUrl, installation.Wiring.OperatorKey);
            progress($"Quoting {runs} times");
            var taken = new List<double>();
            for (var run = 0; run < WarmUp + runs; run++)
            {
                var began = Stopwatch.GetTimestamp();
                await platform.CallAsync(HttpMethod.Post, "v1/quotes", cancel, new JsonObject { ["model"] = TimedHub.Model });
                var whole = Stopwatch.GetElapsedTime(began);
                var own = whole - hub.Taken();
                if (run >= WarmUp) taken.Add(own.TotalMilliseconds);
            }
            return taken;
        }
        finally
        {
            await installation.StopAsync(_ => { });
            Directory.Delete(installation.Folder, recursive: true);
        }
    }
}
