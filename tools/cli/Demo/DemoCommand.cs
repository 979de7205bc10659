using System.CommandLine;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Dashboard;
using Hypervize.Cli.Endpoints;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Spectre.Console;

namespace Hypervize.Cli.Demo;

/// <summary><c>hypervize demo</c>: the whole life of an endpoint before the user's eyes.</summary>
internal static class DemoCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var once = new Option<bool>("--once") { Description = "Stop everything afterwards; exit with 0 only if every step held." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object last." };
        var command = new Command("demo", "Show the whole life of an endpoint: create, serve, sleep, wake, bill.") { once, json };
        command.SetAction((parsed, cancel) => RunAsync(console, parsed.GetValue(once), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IAnsiConsole console, bool once, bool json, CancellationToken cancel)
    {
        // An instance of its own: what `up` keeps is not touched.
        var installation = Installation.Of(DataDirectory.NewInstance("demo"));
        try
        {
            var ready = TimeSpan.Zero;
            await ProgressLine.ShowAsync(async progress => ready = await installation.StartAsync(progress, cancel));
            var wiring = installation.Wiring;
            console.MarkupLineInterpolated($"[green]Hypervize is up[/] at [bold]{wiring.PublicUrl}[/], key [bold]{wiring.OperatorKey}[/]");
            using var platform = new PlatformClient(wiring.PublicUrl, wiring.OperatorKey);
            var result = await new LifeOfAnEndpoint(console, platform).RunAsync(cancel);
            result["readyMs"] = (long)ready.TotalMilliseconds;
            result["rssMb"] = ServiceTable.All.Sum(s => installation.ProcessOf(s.Name) is { } process ? StatusCommand.Rss(process.Pid) : 0);
            // With --once it would lead nowhere by the time it is read.
            if (!once)
            {
                var page = await DashboardCommand.LinkAsync(platform, $"/dashboard/inference/blocks/{(string)result["endpoint"]!}", cancel);
                result["dashboard"] = page;
                console.MarkupLineInterpolated($"\n[bold blue]▸ See it in the browser, signed in:[/] [link={page}]{page}[/]");
            }
            if (json) Output.PrintJson(result.ToJsonString());
            if (!once)
            {
                console.MarkupLine("Everything stays up until you press Ctrl-C.");
                await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            return 0;
        }
        finally
        {
            await installation.StopAsync(_ => { });
            Directory.Delete(installation.Folder, recursive: true);
        }
    }
}

/// <summary>The steps of the demo, each checked.</summary>
internal sealed class LifeOfAnEndpoint(IAnsiConsole console, PlatformClient platform)
{
    private const string Model = "Qwen/Qwen2.5-0.5B-Instruct";
    private const int IdleSeconds = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    public async Task<JsonObject> RunAsync(CancellationToken cancel)
    {
        Step($"Asking what {Model} needs and costs");
        var quote = (await platform.CallAsync(HttpMethod.Post, "v1/quotes", cancel, new JsonObject { ["model"] = Model }))!;
        var hourly = quote["nodeHourlyUsd"]!.GetValue<decimal>();
        console.WriteLine($"{(string)quote["chosen"]!} at {hourly} USD an hour a node{((bool)quote["estimate"]! ? ", an estimate by its name: the Hub is out of reach" : "")}");

        Step("Creating an endpoint by that quote, on the simulator, which may sleep after 3 s without a request");
        var created = (await platform.CallAsync(HttpMethod.Post, "v1/endpoints", cancel, new JsonObject
        {
            ["name"] = "demo", ["quote"] = (string)quote["id"]!, ["scaling"] = new JsonObject { ["idleSeconds"] = IdleSeconds },
        }))!;
        var id = (string)created["id"]!;
        await UntilAsync(id, "up", cancel);

        Step("Streaming a completion");
        var first = await platform.ChatAsync(id, "What are you?", 24, text => console.Write(new Text(text)), cancel);
        console.WriteLine();

        Step("Waiting for it to fall asleep");
        await UntilAsync(id, "hibernated", cancel);

        Step("Calling it: the request is held while it wakes");
        var woken = await platform.ChatAsync(id, "Are you awake?", 24, text => console.Write(new Text(text)), cancel);
        console.WriteLine();
        console.MarkupLineInterpolated($"[grey]first token after {woken.FirstToken.TotalMilliseconds:0} ms, start of the node included[/]");

        Step("What happened, and why");
        var timeline = await EndpointCommands.TimelineAsync(platform, id, cancel);
        EndpointCommands.Timeline(console, timeline);

        Step("What it cost, and the same recomputed from its events");
        var (billed, replayed) = await BillAsync(cancel);
        console.WriteLine($"billed {billed} USD, replayed {replayed} USD");

        var statuses = Statuses(timeline);
        Held(string.Join(' ', statuses) == "building up hibernated waking up", $"its statuses were {string.Join(", ", statuses)}");
        Held(timeline.AsArray().Where(e => (string)e!["type"]! == "node_ready").All(e => e!["fact"]!["pricePerHour"]!.GetValue<decimal>() == hourly), "its nodes were not metered at the quoted price");
        Held(billed == replayed && billed > 0, $"the bill is {billed} USD and its replay {replayed} USD");
        Held(first.Tokens == 24 && woken.Tokens == 24, $"the answers had {first.Tokens} and {woken.Tokens} tokens");
        return new JsonObject
        {
            ["endpoint"] = id, ["quotedHourlyUsd"] = hourly, ["statuses"] = new JsonArray([.. statuses.Select(s => (JsonNode)s)]), ["firstTokenMs"] = (long)first.FirstToken.TotalMilliseconds,
            ["wakeMs"] = (long)woken.FirstToken.TotalMilliseconds, ["runtimeStartMs"] = RuntimeStartMs(timeline) + (long)first.FirstToken.TotalMilliseconds,
            ["tokens"] = first.Tokens + woken.Tokens, ["billTotal"] = billed, ["replayTotal"] = replayed,
        };
    }

    /// <summary>The statuses an endpoint went through, told by its events.</summary>
    internal static IReadOnlyList<string> Statuses(JsonNode timeline)
    {
        var statuses = new List<string>();
        foreach (var entry in timeline.AsArray())
        {
            var next = (string)entry!["type"]! switch
            {
                "endpoint_created" or "endpoint_enabled" => "building",
                "node_ready" => statuses[^1] is "building" or "waking" ? "up" : statuses[^1],
                "endpoint_hibernated" => "hibernated",
                "endpoint_woken" => "waking",
                "endpoint_failed" => "failed",
                "endpoint_disabled" => "disabled",
                "endpoint_deleted" => "deleted",
                _ => statuses[^1],
            };
            if (statuses.Count == 0 || statuses[^1] != next) statuses.Add(next);
        }
        return statuses;
    }

    // Of the last start: from spawn to the time the node itself says it was ready.
    private static long RuntimeStartMs(JsonNode timeline)
    {
        var ready = timeline.AsArray().Last(e => (string)e!["type"]! == "node_ready")!["fact"]!;
        return (long)(ready["runtimeReadyAt"]!.GetValue<DateTimeOffset>() - ready["spawnedAt"]!.GetValue<DateTimeOffset>()).TotalMilliseconds;
    }

    private async Task UntilAsync(string id, string status, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            await EndpointCommands.UntilAsync(platform, id, status, _ => { }, patience.Token);
            // A node that drains still answers whoever calls before the proxy has heard of it, and then nothing wakes.
            while (status == "hibernated" && (await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}", patience.Token))!["nodes"]!.AsArray().Count > 0)
                await Task.Delay(LookEvery, patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Held(false, $"{id} is not {status} after {Patience.TotalSeconds:0} s");
        }
    }

    // Both are read to the same moment; the ledger may be some milliseconds behind the events.
    private async Task<(decimal Billed, decimal Replayed)> BillAsync(CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var to = Uri.EscapeDataString(DateTimeOffset.UtcNow.ToString("O"));
            var usage = (await platform.CallAsync(HttpMethod.Get, $"v1/billing/usage?to={to}", cancel))!;
            var replay = (await platform.CallAsync(HttpMethod.Post, $"v1/billing/replay?to={to}", cancel))!;
            var (billed, replayed) = (usage["total"]!.GetValue<decimal>(), replay["replayed"]!.GetValue<decimal>());
            if ((billed == replayed && billed > 0) || tries == 50) return (billed, replayed);
            await Task.Delay(LookEvery, cancel);
        }
    }

    private void Step(string text) => console.MarkupLineInterpolated($"\n[bold blue]▸ {text}[/]");

    private static void Held(bool held, string otherwise)
    {
        if (!held) throw new PlatformException($"The demo did not go as it should: {otherwise}.");
    }
}
