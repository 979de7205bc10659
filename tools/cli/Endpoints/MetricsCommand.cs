using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Spectre.Console;

namespace Hypervize.Cli.Endpoints;

/// <summary><c>hypervize endpoints metrics</c>: an endpoint's traffic over time.</summary>
internal static class MetricsCommand
{
    public static Command Create(IAnsiConsole console, Argument<string> endpoint)
    {
        var hours = new Option<double>("--hours") { Description = "How far back.", DefaultValueFactory = _ => 1 };
        hours.Validators.Add(r => { if (r.Tokens.Count == 1 && double.TryParse(r.Tokens[0].Value, CultureInfo.InvariantCulture, out var given) && given is not (> 0 and <= 720)) r.AddError("--hours must be above 0, and at most 720: 30 days."); });
        var step = new Option<int?>("--step") { Description = "Seconds of a row: 10, 20, 30 or a multiple of 60; else some that make a table of readable length." };
        return new Command("metrics", "Its traffic over time: requests, errors, tokens, times, nodes. Needs its telemetry.") { endpoint, hours, step }.Calls(console, async (parsed, platform, cancel) =>
        {
            var period = parsed.GetValue(hours);
            var seconds = parsed.GetValue(step) ?? StepOf(period);
            var from = TimeProvider.System.GetUtcNow().AddHours(-period).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            return await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{await EndpointCommands.IdAsync(parsed, platform, cancel)}/metrics?from={from}&step={seconds}", cancel);
        }, it => Show(console, it));
    }

    // Some 30 rows.
    private static int StepOf(double hours) => ((int[])[10, 60, 120, 300, 900, 3600, 21_600]).FirstOrDefault(s => hours * 3600 / s <= 40, 86_400);

    private static void Show(IAnsiConsole console, JsonNode it)
    {
        var points = it["points"]!;
        if (points.AsArray().Count > 0)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"In UTC, {(int)it["stepSeconds"]!} s a row. Times in milliseconds, half of the requests and 95 of 100, within 19 %: to the first token of streams (TTFT), and in all."));
            console.Table(
                points, ("FROM", p => p["at"]!.GetValue<DateTimeOffset>().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture)), ("REQS", p => Text(p["requests"])), ("5XX", p => Text(p["errors"])), ("4XX", p => Text(p["refused"])),
                ("TOK/S", p => Text(p["tokensPerSecond"])), ("TTFT", p => Pair(p["firstTokenMs"])), ("LATENCY", p => Pair(p["latencyMs"])), ("BUSY", p => Text(p["inFlight"])), ("WAIT", p => Text(p["waiting"])), ("NODES", p => $"{Text(p["ready"])}/{Text(p["wanted"])}"));
        }
        if (!(bool)it["telemetry"]!) console.MarkupLine("[yellow]Its telemetry is off: nothing new is recorded.[/] Switch it on with `endpoints update --telemetry`.");
        else if (points.AsArray().Count == 0) console.WriteLine("Nothing was recorded in that time. What is recorded shows after some ten seconds.");
    }

    private static string Pair(JsonNode? quantiles) => quantiles is null ? "–" : $"{Text(quantiles["p50"])}/{Text(quantiles["p95"])}";

    private static string Text(JsonNode? number) => (double)number! is var value ? value.ToString(value < 100 ? "0.#" : "0", CultureInfo.InvariantCulture) : "";
}
