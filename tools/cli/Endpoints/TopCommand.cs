using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hypervize.Cli.Endpoints;

/// <summary><c>hypervize endpoints top</c>: what endpoints do and cost now, over and over.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    public static Command Create(IAnsiConsole console)
    {
        var once = new Option<bool>("--once") { Description = "Print one table, and end." };
        var command = new Command("top", "What they do and cost now, redrawn every two seconds until Ctrl-C.") { once };
        command.SetAction(async (parsed, cancel) =>
        {
            using var platform = PlatformClient.Of(parsed);
            var now = await LookAsync(platform, cancel);
            if (parsed.GetValue(Output.Json)) Output.PrintJson(now.ToJsonString());
            else if (parsed.GetValue(once) || !console.Profile.Out.IsTerminal || !console.Profile.Capabilities.Ansi) console.Write(Drawn(now));
            else await console.Live(Drawn(now)).StartAsync(live => RedrawAsync(live, platform, now, cancel));
            return 0;
        });
        return command;
    }

    /// <summary>What is shown, of what the platform says of endpoints, their traffic and their cost.</summary>
    /// <param name="endpoints">Endpoints, as they are listed.</param>
    /// <param name="traffic">Their traffic; null when it is not known.</param>
    /// <param name="burn">What they cost; null when it is not known.</param>
    internal static JsonObject Of(JsonNode endpoints, JsonNode? traffic, JsonNode? burn)
    {
        var (requests, cost) = (ById(traffic), ById(burn));
        var rows = endpoints.AsArray().Select(e => e!).Select(e => new JsonObject
        {
            ["id"] = (string?)e["id"], ["name"] = (string?)e["name"], ["status"] = (string?)e["status"],
            ["ready"] = e["nodes"]!.AsArray().Count(n => (string?)n!["status"] == "ready"), ["wanted"] = (int)e["wanted"]!,
            ["requestsPerMinute"] = Number(requests, e, "requestsPerMinute"), ["inFlight"] = Number(requests, e, "inFlight"), ["waiting"] = Number(requests, e, "waiting"),
            // An operator sees endpoints of accounts whose cost was not asked for.
            ["perHour"] = (string?)e["accountId"] == (string?)burn?["accountId"] ? Number(cost, e, "perHour") : null,
        }).ToList();
        return new()
        {
            ["perHour"] = burn?["perHour"]?.DeepClone(),
            ["statuses"] = new JsonObject(rows.CountBy(r => (string)r["status"]!).OrderByDescending(s => s.Value).Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            ["endpoints"] = new JsonArray([.. rows]),
        };

        // Whoever is not mentioned does, and costs, nothing.
        static JsonNode? Number(IReadOnlyDictionary<string, JsonNode>? all, JsonNode endpoint, string what) =>
            all is null ? null : all.GetValueOrDefault((string)endpoint["id"]!)?[what]?.DeepClone() ?? 0;
    }

    private static Dictionary<string, JsonNode>? ById(JsonNode? all) => all?["endpoints"]?.AsArray().ToDictionary(e => (string)e!["endpointId"]!, e => e!);

    private static async Task<JsonObject> LookAsync(PlatformClient platform, CancellationToken cancel)
    {
        var (endpoints, traffic, burn) = (EndpointCommands.AllAsync(platform, "", cancel), KnownAsync(platform, "v1/traffic", cancel), KnownAsync(platform, "v1/billing/burn", cancel));
        return Of(await endpoints, await traffic, await burn);
    }

    // Endpoints are shown, too, while another service is away.
    private static async Task<JsonNode?> KnownAsync(PlatformClient platform, string path, CancellationToken cancel)
    {
        try
        {
            return await platform.CallAsync(HttpMethod.Get, path, cancel);
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private static async Task RedrawAsync(LiveDisplayContext live, PlatformClient platform, JsonObject now, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Every, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancel.IsCancellationRequested) return;
            try
            {
                now = await LookAsync(platform, cancel);
                live.UpdateTarget(Drawn(now));
            }
            catch (RefusedException e)
            {
                live.UpdateTarget(new Rows(Drawn(now), new Text($"As it was; now: {e.Message}", Color.Red)));
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static Rows Drawn(JsonObject now)
    {
        var table = new Table { Border = TableBorder.None }.AddColumns([.. ((string[])["NAME", "STATUS", "NODES", "REQ/MIN", "IN FLIGHT", "WAITING", "USD/H"]).Select((title, i) =>
            new TableColumn($"[grey]{title}[/]") { NoWrap = true, Padding = new(0, 0, 3, 0), Alignment = i < 2 ? Justify.Left : Justify.Right })]);
        foreach (var row in now["endpoints"]!.AsArray().Select(r => r!))
            table.AddRow(
                new Text((string)row["name"]!), new Text((string)row["status"]!, Colour((string)row["status"]!)), new Text($"{row["ready"]}/{row["wanted"]}"),
                new Text(Count(row["requestsPerMinute"])), new Text(Count(row["inFlight"])), new Text(Count(row["waiting"])), new Text(Usd(row["perHour"])));
        var statuses = now["statuses"]!.AsObject().Select(s => $"{s.Value} {s.Key}");
        return new((IRenderable)table, new Text($"{string.Join(", ", statuses.DefaultIfEmpty("no endpoints"))}; {Usd(now["perHour"])} USD per hour"));
    }

    private static string Count(JsonNode? number) => Figure(number, "0.#");

    private static string Usd(JsonNode? amount) => Figure(amount, "0.00##");

    // What was read and what was put there are numbers of different kinds.
    private static string Figure(JsonNode? number, string format) =>
        number is null ? "?" : decimal.Parse(number.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture).ToString(format, CultureInfo.InvariantCulture);

    private static Style Colour(string status) => status switch
    {
        "up" => Color.Green,
        "waking" => Color.Aqua,
        "building" => Color.Yellow,
        "failed" => Color.Red,
        _ => Color.Grey,
    };
}
