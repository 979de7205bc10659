using System.CommandLine;
using System.Diagnostics;
using System.IO.Compression;
using Hypervize.Autoscaling.Policy;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Bench.Load;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Contracts;
using Spectre.Console;

namespace Hypervize.Bench.Autoscaler;

/// <summary><c>hypervize bench autoscaler</c>: how many endpoints one autoscaler holds, how fast a simulation is, and what the policy costs beside Knative's rule.</summary>
internal static class AutoscalerBench
{
    private const int Rounds = 15;
    private const string Trace = "azure-llm-2023-conversation.csv.gz";

    // Of a node for the trace: what `hypervize simulate` assumes where nobody says otherwise.
    private static readonly TokenRates Rates = new(Prompt: 4000, Generated: 40);
    private static readonly Scaling Bounds = new(Min: 1, Max: 100, IdleSeconds: 300, Concurrency: 16);

    public static Command Create(IAnsiConsole console)
    {
        var trace = new Option<string?>("--trace") { Description = "Another file of requests (TIMESTAMP,ContextTokens,GeneratedTokens) than the hour of Azure's conversations." };
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("autoscaler", "How many endpoints one autoscaler holds, how fast a simulation is, and what the policy costs beside Knative's rule. Exits with 0 when every bar holds.") { trace, json };
        command.SetAction(async (parsed, cancel) =>
        {
            List<Figure> figures = [];
            var folder = RunFolder.New();
            await ProgressLine.ShowAsync(async progress =>
            {
                using var turn = await Turn.WaitAsync(progress, cancel);
                progress("Evaluating 10,000 and 100,000 endpoints");
                figures.AddRange(Evaluation());
                progress("Simulating a year");
                figures.Add(Year());
                progress("Replaying a trace");
                figures.AddRange(BesideKnative(Read(parsed.GetValue(trace))));
            });
            RunFolder.Keep(folder, figures);
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static IEnumerable<Figure> Evaluation()
    {
        var (some, many) = (new Evaluations(10_000), new Evaluations(100_000));
        var taken = Enumerable.Range(0, Rounds).Select(_ => (Some: some.Second(), Many: many.Second())).ToList();
        var ratio = Spread.OfPairs(taken.Select(t => t.Many), taken.Select(t => t.Some), (many, some) => many / some);
        yield return new("evaluate10kMs", "ms", Spread.Of([.. taken.Select(t => t.Some)]), 50, $"one evaluation of 10,000 endpoints that are all up and called; {Rounds} rounds");
        yield return new("evaluate100kMs", "ms", Spread.Of([.. taken.Select(t => t.Many)]), null, "the same of 100,000");
        yield return new("evaluate100kBy10k", "×", ratio, 15, "by that of 10,000, round by round");
    }

    private static Figure Year()
    {
        var (year, setup) = (ExampleTraffic.Days(365), new Setup(Bounds with { Min = 0 }, Tuning.Default, StartSeconds: 60, HoldSeconds: 60));
        var taken = Enumerable.Range(0, 5).Select(_ =>
        {
            var began = Stopwatch.GetTimestamp();
            Simulator.Run(year, setup);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }).ToList();
        return new("yearSimulationMs", "ms", Spread.Of(taken), 1000, $"a year of minutes, {year.Requests:N0} requests, simulated");
    }

    private static IEnumerable<Figure> BesideKnative(Traffic traffic)
    {
        var setup = new Setup(Bounds, Tuning.Default, StartSeconds: 60, HoldSeconds: 600);
        var (ours, theirs) = (Simulator.Run(traffic, setup), Simulator.Run(traffic, setup with { Tuning = KnativeRule.Tuning, Decide = KnativeRule.Decide }));
        yield return new("nodeHoursVsKnative", "×", ours.NodeHours / theirs.NodeHours, 1, $"node-hours on the trace: {ours.NodeHours:0.00} by {theirs.NodeHours:0.00} under Knative's rule; nodes of 16 at once that start in 60 s");
        yield return new("p95WaitVsKnative", "×", Ratio(ours.Wait(0.95), theirs.Wait(0.95)), 1, $"95 of 100 requests waited no longer than {ours.Wait(0.95)} s, by {theirs.Wait(0.95)} s");
        yield return new("p99WaitVsKnative", "×", Ratio(ours.Wait(0.99), theirs.Wait(0.99)), null, $"99 of 100: {ours.Wait(0.99)} s, by {theirs.Wait(0.99)} s");
        yield return new("changesVsKnative", "×", ours.Changes.Count / (double)theirs.Changes.Count, null, $"changes of the number of nodes: {ours.Changes.Count} by {theirs.Changes.Count}");
    }

    // Nobody waited under either: neither is worse.
    private static double Ratio(double ours, double theirs) => ours == theirs ? 1 : ours / theirs;

    private static Traffic Read(string? path)
    {
        try
        {
            using var file = path is null ? new GZipStream(typeof(AutoscalerBench).Assembly.GetManifestResourceStream(Trace)!, CompressionMode.Decompress) : (Stream)File.OpenRead(path);
            using var text = new StreamReader(file);
            return TraceFile.Read(text, Rates);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new PlatformException($"The trace {path} can't be read. {e.Message}");
        }
    }
}
