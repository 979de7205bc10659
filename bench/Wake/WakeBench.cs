using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Hypervize.Bench.Lifecycle;
using Hypervize.Bench.Load;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Contracts;
using Spectre.Console;

namespace Hypervize.Bench.Wake;

/// <summary><c>hypervize bench wake</c>: from nothing to 3,000 requests per second at a sleeping endpoint of the whole platform.</summary>
internal static class WakeBench
{
    private const int PerSecond = 3_000;
    private const int Seconds = 10;

    // What is measured is a platform that has been up for a while: one that has just begun is compiled while it runs, what a wake passes after thirty wakes.
    private const int WarmUpPerSecond = 500;
    private const int WarmUpSeconds = 20;
    private const int QuietWakes = 30;
    private const int UncountedWakes = 2;
    private const string Model = "simulator/tiny?load=0.5&ttft=100&tps=0";
    private const int MostConcurrency = 1024;
    private const string Body = $$"""{"model":"{{Model}}","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Command Create(IAnsiConsole console)
    {
        var runs = new Option<int>("--runs") { Description = "Wakes.", DefaultValueFactory = _ => 3 };
        runs.Validators.Add(r => { if (r.GetValueOrDefault<int>() < 1) r.AddError("--runs must be 1 or more."); });
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("wake", $"What becomes of {PerSecond} requests a second that meet a sleeping endpoint all at once. Takes about three minutes; exits with 0 when every bar holds.") { runs, json };
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<Figure> figures = [];
            var folder = RunFolder.New();
            await ProgressLine.ShowAsync(async progress => figures = await MeasureAsync(folder, parsed.GetValue(runs), progress, cancel));
            RunFolder.Keep(folder, figures);
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(string folder, int runs, Action<string> progress, CancellationToken cancel)
    {
        using var turn = await Turn.WaitAsync(progress, cancel);
        await using var stage = await Stage.SetAsync(progress, cancel);
        await stage.Installation.StartAsync(progress, cancel);
        await stage.OpenAsync(cancel);
        var id = await stage.CreateAsync("sleeper", cancel, Model, MostConcurrency);
        var up = await stage.Heard.FirstAsync(id, m => m.State.Status == EndpointStatus.Up, cancel);

        var request = HttpText.Post($"/api/d/{id}/v1/chat/completions", stage.Installation.Wiring.OperatorKey, Body);
        var port = new Uri(stage.Installation.Wiring.PublicUrl).Port;
        progress("Warming the way to the node");
        await RunAsync(port, request, WarmUpPerSecond, WarmUpSeconds, cancel);

        for (var wake = 1; wake <= QuietWakes; wake++)
        {
            progress($"Warming what a wake passes, {wake} of {QuietWakes}");
            await SleepAsync();
            await WakeAsync(perSecond: 1, seconds: 1);
        }
        var (bursts, strangers) = (new List<Burst>(), new List<double>());
        for (var wake = 1 - UncountedWakes; wake <= runs; wake++)
        {
            progress($"Waking it by {PerSecond} requests a second, {(wake < 1 ? "to warm up" : $"{wake} of {runs}")}");
            await SleepAsync();
            var busy = await StrangersAsync(cancel);
            var burst = await WakeAsync(PerSecond, Seconds);
            if (wake < 1) continue;
            strangers.Add(busy);
            bursts.Add(burst);
            await burst.KeepAsync(Path.Combine(folder, $"wake-{wake}.csv"));
        }

        progress("Measuring the node without us");
        var node = new Uri(((NodeReady)up.Message.Fact).Address);
        var direct = await RunAsync(node.Port, HttpText.Post("/v1/chat/completions", "none", Body), PerSecond, Seconds, cancel);
        return
        [
            new("errors", "", bursts.Sum(b => b.Errors), 0, $"requests that were not served, of {runs} times {PerSecond * Seconds}"),
            new("p95Ms", "ms", Spread.Of([.. bursts.Select(b => b.AwakeP95)]), 115, $"of requests that came after the first answer, at {PerSecond}/s; the node itself takes 100 ms"),
            new("node spawned", "ms", Spread.Of([.. bursts.Select(b => b.Spawned)]), null, "from the first request to when its process was begun") { ForPeople = true },
            new("node loaded", "ms", Spread.Of([.. bursts.Select(b => b.Loaded)]), null, "from the first request to what the node itself calls ready") { ForPeople = true },
            new("node ready", "ms", Spread.Of([.. bursts.Select(b => b.Ready)]), null, "from the first request to when the platform saw that it was") { ForPeople = true },
            new("first answer", "ms", Spread.Of([.. bursts.Select(b => b.FirstAnswer)]), null, "from the first request; the model loads for 500 ms") { ForPeople = true },
            new("held: p95", "ms", Spread.Of([.. bursts.Select(b => b.HeldP95)]), null, "of requests that came before the first answer") { ForPeople = true },
            new("node: p95", "ms", Figure.Quantile(direct.Select(a => a.Milliseconds), 0.95), null, $"of the node itself, without the platform between, at {PerSecond}/s") { ForPeople = true },
            new("strangers", "%", Spread.Of(strangers), null, "of the machine's cores were busy while the platform slept, before each wake") { ForPeople = true },
        ];

        async Task SleepAsync()
        {
            await stage.DoAsync(id, "hibernate", cancel);
            await stage.Heard.FirstAsync(id, m => m.Version > up.Message.Version && m.State is { Status: EndpointStatus.Hibernated, Nodes.Count: 0 }, cancel);
        }

        async Task<Burst> WakeAsync(int perSecond, int seconds)
        {
            var began = DateTimeOffset.UtcNow;
            var sent = await RunAsync(port, request, perSecond, seconds, cancel);
            up = await stage.Heard.FirstAsync(id, m => m.Version > up.Message.Version && m.State.Status == EndpointStatus.Up, cancel);
            return new(sent, began, (NodeReady)up.Message.Fact);
        }
    }

    private static async Task<IReadOnlyList<Sent>> RunAsync(int port, byte[] request, int perSecond, int seconds, CancellationToken cancel)
    {
        using var loop = new OpenLoop(port, request);
        return await loop.RunAsync(perSecond, perSecond * seconds, Patience, cancel);
    }

    private static async Task<double> StrangersAsync(CancellationToken cancel)
    {
        var (before, began) = (Cores.BusySeconds(all: true), Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(2), cancel);
        return 100 * (Cores.BusySeconds(all: true) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds / Environment.ProcessorCount;
    }

    /// <summary>What became of the requests of one wake. Times are milliseconds.</summary>
    private sealed class Burst(IReadOnlyList<Sent> sent, DateTimeOffset began, NodeReady ready)
    {
        private readonly long _firstAnswer = sent.Where(a => a.Served).Select(a => a.Answered).DefaultIfEmpty(long.MaxValue).Min();

        public int Errors => sent.Count(a => !a.Served);

        public double Spawned => (ready.SpawnedAt - began).TotalMilliseconds;

        public double Loaded => (ready.RuntimeReadyAt!.Value - began).TotalMilliseconds;

        public double Ready => (ready.At - began).TotalMilliseconds;

        public double FirstAnswer => (_firstAnswer - sent[0].Due) * 1000.0 / Stopwatch.Frequency;

        public double HeldP95 => P95(sent.Where(a => a.Due <= _firstAnswer));

        public double AwakeP95 => P95(sent.Where(a => a.Due > _firstAnswer));

        public Task KeepAsync(string file) => File.WriteAllLinesAsync(file, sent.Select(s =>
            string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(sent[0].Due, s.Due).TotalMilliseconds:0.000},{(s.Answered > 0 ? s.Milliseconds : (double?)null):0.000},{s.Status}")).Prepend("due_ms,took_ms,status"));

        // One that was not served has taken as long as anybody waited for it.
        private static double P95(IEnumerable<Sent> of) => Figure.Quantile(of.Select(a => a.Served ? a.Milliseconds : Patience.TotalMilliseconds).DefaultIfEmpty(Patience.TotalMilliseconds), 0.95);
    }
}
