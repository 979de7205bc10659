using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypervize.Autoscaling.Policy;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Catalog;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Contracts;
using Spectre.Console;

namespace Hypervize.Cli.Simulation;

/// <summary><c>hypervize simulate</c>: what an endpoint would have cost, and how long requests would have waited, had it been set otherwise.</summary>
internal static class SimulateCommand
{
    // What an endpoint has that nobody set otherwise, but for more than one node; one of 7 to 8 billion parameters starts in about a minute.
    private static readonly Setup Usual = new(new Scaling(Min: 0, Max: 16, IdleSeconds: 300, Concurrency: 16), Tuning.Default, StartSeconds: 60, HoldSeconds: 60);

    public static Command Create(IAnsiConsole console)
    {
        var endpoint = new Option<string?>("--endpoint") { Description = "Id or name of an endpoint: its own recorded traffic, start times and price. Needs the platform, and the endpoint's telemetry." };
        var hours = new Option<int?>("--hours") { Description = "How far back to go in the endpoint's traffic; else a day." };
        hours.Validators.Add(r => { if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, CultureInfo.InvariantCulture, out var given) && given is not (>= 1 and <= 720)) r.AddError("--hours must be from 1 to 720: 30 days."); });
        var trace = new Option<string?>("--trace") { Description = "A file of requests with the columns TIMESTAMP,ContextTokens,GeneratedTokens; else a day of our own making." };
        var set = new Option<string[]>("--set") { Description = $"What to try, as name=value, several times: {string.Join("; ", Setting.All.Select(s => $"{s.Name}: {s.What}"))}.", AllowMultipleArgumentsPerToken = true };
        var current = new Option<string[]>("--current") { Description = "What it is compared with, as name=value, beside what the report lists: 0 to 16 nodes of 16 requests at once that start in a minute.", AllowMultipleArgumentsPerToken = true };
        var hardware = new Option<string>("--hardware") { Description = "Catalogue id of the nodes' hardware, for the price.", DefaultValueFactory = _ => "g5.xlarge" };
        var prompt = Rate("--prompt-rate", "Tokens of a prompt that a node reads in a second, for a trace.", 4000);
        var answer = Rate("--answer-rate", "Tokens of an answer that a node writes in a second, for each request of a trace.", 40);
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var command = new Command("simulate", "What traffic would have cost, and how long it would have waited, under the policy and under another setting of it. Needs no running platform, but for --endpoint.")
        {
            endpoint, hours, trace, set, current, hardware, prompt, answer, json,
        };
        PlatformClient.AddTo(command);
        command.Validators.Add(r =>
        {
            if (r.GetResult(endpoint) is not null && ((Option[])[trace, current, hardware, prompt, answer]).FirstOrDefault(o => r.GetResult(o) is { Implicit: false }) is { } other)
                r.AddError($"An endpoint has its own traffic, setting and price: {other.Name} can't be given beside --endpoint.");
            if (r.GetResult(hours) is not null && r.GetResult(endpoint) is null) r.AddError("--hours goes with --endpoint.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                if (parsed.GetValue(endpoint) is { } named)
                {
                    using var platform = PlatformClient.Of(parsed);
                    return Show(await RehearseAsync(platform, named, parsed.GetValue(hours), parsed.GetValue(set) ?? [], cancel), parsed.GetValue(json));
                }
                var catalog = HardwareCatalog.Load();
                var node = catalog.Find(parsed.GetValue(hardware)!) ?? throw new InvalidDataException($"The catalogue has no hardware \"{parsed.GetValue(hardware)}\"; it has {string.Join(", ", catalog.All.Select(h => h.Id))}.");
                var now = Set(Usual, parsed.GetValue(current) ?? []);
                (string, Setup)? tried = parsed.GetValue(set) is { Length: > 0 } given ? (string.Join(' ', given), Set(now, given)) : null;
                var traffic = parsed.GetValue(trace) is { } file ? Read(file, new(parsed.GetValue(prompt), parsed.GetValue(answer))) : ExampleTraffic.Day();
                return Show(Rehearsal.Of(traffic, new(catalog.PricePerHour(node.Id, traffic.From)), now, tried), parsed.GetValue(json));
            }
            catch (InvalidDataException e)
            {
                await Console.Error.WriteLineAsync(e.Message.AsMemory(), cancel);
                return ExitCode.Usage;
            }
        });
        return command;

        int Show(Rehearsal rehearsal, bool asJson)
        {
            if (asJson) Output.PrintJson(JsonSerializer.Serialize(rehearsal, JsonSerializerOptions.Web));
            else SimulationReport.Show(console, rehearsal);
            return 0;
        }
    }

    private static async Task<Rehearsal> RehearseAsync(PlatformClient platform, string named, int? hours, string[] given, CancellationToken cancel)
    {
        if (Setting.Parse(given) is var (settings, error) && settings is null) throw new InvalidDataException(error);
        if (settings.GroupBy(s => s.It).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new InvalidDataException($"{twice.Key.Name} is set twice.");
        var body = new JsonObject { ["set"] = new JsonObject(settings.Select(s => KeyValuePair.Create<string, JsonNode?>(s.It.Name, s.Value))) };
        if (hours is { } back) body["from"] = TimeProvider.System.GetUtcNow().AddHours(-back).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var answer = await platform.CallAsync(HttpMethod.Post, $"v1/endpoints/{await platform.EndpointIdAsync(named, cancel)}/simulations", cancel, body);
        return answer.Deserialize<Rehearsal>(JsonSerializerOptions.Web)!;
    }

    private static Option<double> Rate(string name, string what, double usual)
    {
        var rate = new Option<double>(name) { Description = what, DefaultValueFactory = _ => usual };
        rate.Validators.Add(r => { if (r.Tokens.Count == 1 && double.TryParse(r.Tokens[0].Value, CultureInfo.InvariantCulture, out var given) && given is not (> 0 and <= 1e6)) r.AddError($"{name} must be above 0, and at most 1000000."); });
        return rate;
    }

    private static Setup Set(Setup setup, IReadOnlyCollection<string> given) =>
        Setting.Set(setup, given) is var (done, error) && done is not null ? done : throw new InvalidDataException(error);

    private static Traffic Read(string path, TokenRates rates)
    {
        try
        {
            using var file = File.OpenText(path);
            return TraceFile.Read(file, rates);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new InvalidDataException($"The trace {path} can't be read. {e.Message}", e);
        }
    }
}
