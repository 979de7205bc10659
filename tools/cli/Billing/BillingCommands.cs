using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Endpoints;
using Spectre.Console;

namespace Hypervize.Cli.Billing;

/// <summary><c>hypervize billing …</c></summary>
internal static class BillingCommands
{
    public static Command Create(IAnsiConsole console)
    {
        var from = new Option<string?>("--from") { Description = "Start, ISO 8601; the month's first day by default.", Recursive = true };
        var to = new Option<string?>("--to") { Description = "End, ISO 8601; now by default.", Recursive = true };
        var account = new Option<string?>("--account") { Description = "Another account than the key's; for operators.", Recursive = true };
        string Query(ParseResult parsed) => string.Join('&', new[] { ("from", parsed.GetValue(from)), ("to", parsed.GetValue(to)), ("account", parsed.GetValue(account)) }
            .Where(p => p.Item2 is not null).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}"));

        return PlatformClient.AddTo(new Command("billing", "What it costs.")
        {
            Output.Json, from, to, account,
            new Command("usage", "By endpoint and day.").Calls(console, async (parsed, platform, cancel) =>
            {
                var usage = (await platform.CallAsync(HttpMethod.Get, $"v1/billing/usage?{Query(parsed)}", cancel))!;
                var there = (await EndpointCommands.AllAsync(platform, parsed.GetValue(account) is { } of ? $"&account={Uri.EscapeDataString(of)}" : "", cancel)).AsArray().ToDictionary(e => (string)e!["id"]!, e => (string?)e!["name"]);
                foreach (var endpoint in usage["endpoints"]!.AsArray()) endpoint!["name"] = there.GetValueOrDefault((string)endpoint["endpointId"]!);
                return usage;
            }, usage => Usage(console, usage)),
            new Command("burn", "What running nodes cost per hour now.").Calls(console, (parsed, platform, cancel) => platform.CallAsync(HttpMethod.Get, $"v1/billing/burn?{Query(parsed)}", cancel),
                burn => console.WriteLine($"{Amount(burn["perHour"])} USD per hour")),
            Replay(console, Query),
            Cap(console, account),
        });
    }

    private static Command Cap(IAnsiConsole console, Option<string?> account)
    {
        // A comma that is meant for a point must not make a cap a hundred times as high.
        var amount = new Argument<decimal?>("amount")
        {
            Arity = ArgumentArity.ZeroOrOne, Description = "US dollars a month; leave it out to see the cap.", CustomParser = given =>
            {
                if (decimal.TryParse(given.Tokens.SingleOrDefault()?.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd)) return usd;
                given.AddError("The amount must be a number such as 250 or 250.50.");
                return null;
            },
        };
        var none = new Option<bool>("--none") { Description = "Remove the cap." };
        var command = new Command("cap", "What may be spent in a month before inference calls are refused: show it, set it or remove it.") { amount, none }.Calls(console, (parsed, platform, cancel) =>
        {
            var path = $"v1/billing/cap{(parsed.GetValue(account) is { } of ? $"?account={Uri.EscapeDataString(of)}" : "")}";
            var cap = parsed.GetValue(amount);
            return cap is null && !parsed.GetValue(none) ? platform.CallAsync(HttpMethod.Get, path, cancel) : platform.CallAsync(HttpMethod.Put, path, cancel, new JsonObject { ["monthlyUsd"] = cap });
        }, cap =>
        {
            console.WriteLine($"{(cap["monthlyUsd"] is { } usd ? $"At most {Amount(usd)} USD a month" : "No cap")}; {Amount(cap["spent"])} USD spent in {cap["month"]}.");
            if ((bool)cap["reached"]!) console.MarkupLine("[red]The cap is reached: inference calls are refused until the month ends or the cap is raised.[/]");
        });
        command.Validators.Add(r =>
        {
            if (r.GetResult(none) is not null && r.GetResult(amount) is { Tokens.Count: > 0 }) r.AddError("Give an amount or --none, not both.");
        });
        return command;
    }

    private static Command Replay(IAnsiConsole console, Func<ParseResult, string> query)
    {
        var command = new Command("replay", "Recompute the bill from the endpoints' events and compare. Exits with 1 when it differs.");
        command.SetAction(async (parsed, cancel) =>
        {
            using var platform = PlatformClient.Of(parsed);
            var report = (await platform.CallAsync(HttpMethod.Post, $"v1/billing/replay?{query(parsed)}", cancel))!;
            var differences = report["differences"]!.AsArray();
            if (parsed.GetValue(Output.Json)) Output.PrintJson(report.ToJsonString());
            else
            {
                console.WriteLine($"billed   {Amount(report["billed"])} USD\nreplayed {Amount(report["replayed"])} USD from {report["events"]} events");
                foreach (var difference in differences) console.MarkupLineInterpolated($"[red]{(string)difference!}[/]");
            }
            return differences.Count == 0 ? 0 : 1;
        });
        return command;
    }

    private static void Usage(IAnsiConsole console, JsonNode usage)
    {
        var rows = new JsonArray([.. usage["endpoints"]!.AsArray().SelectMany(e => e!["days"]!.AsArray().Select(d => (JsonNode)new JsonObject
        {
            ["endpoint"] = (string?)e["endpointId"], ["name"] = (string?)e["name"] ?? "(deleted)", ["day"] = (string?)d!["day"], ["seconds"] = d["nodeSeconds"]!.DeepClone(), ["total"] = d["total"]!.DeepClone(),
        }))]);
        console.Table(rows, ("ENDPOINT", r => (string?)r["endpoint"]), ("NAME", r => (string?)r["name"]), ("DAY", r => (string?)r["day"]), ("NODE SECONDS", r => r["seconds"]!.ToJsonString()), ("USD", r => Amount(r["total"])));
        console.WriteLine($"Total {Amount(usage["total"])} USD; {Amount(usage["burnPerHour"])} USD per hour now.");
    }

    private static string Amount(JsonNode? amount) => amount!.GetValue<decimal>().ToString("0.00####", CultureInfo.InvariantCulture);
}
