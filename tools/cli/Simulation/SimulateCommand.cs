using System.CommandLine;
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
    // What an endpoint has that nobody set otherwise; a node of 7 to 8 billion parameters starts in about a minute.
    private static readonly Setup Usual = new(new Scaling(Min: 0, Max: 16, IdleSeconds: 300, Concurrency: 16), Tuning.Default, StartSeconds: 60, HoldSeconds: 60);

    public static Command Create(IAnsiConsole console)
    {
        var trace = new Option<string?>("--trace") { Description = "A file of requests with the columns TIMESTAMP,ContextTokens,GeneratedTokens; else a day of our own making." };
        var set = new Option<string[]>("--set") { Description = $"What to try, as name=value: {string.Join(", ", Setting.All.Select(s => s.Name))}. May be given several times.", AllowMultipleArgumentsPerToken = true };
        var current = new Option<string[]>("--current") { Description = "What it is compared with, as name=value; else what an endpoint has that nobody set otherwise.", AllowMultipleArgumentsPerToken = true };
        var hardware = new Option<string>("--hardware") { Description = "Catalogue id of the nodes' hardware, for the price.", DefaultValueFactory = _ => "g5.xlarge" };
        var prompt = Rate("--prompt-rate", "Tokens of a prompt that a node reads in a second, for a trace.", 4000);
        var answer = Rate("--answer-rate", "Tokens of an answer that a node writes in a second, for each request of a trace.", 40);
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var command = new Command("simulate", "What traffic would have cost, and how long it would have waited, under the policy and under another setting of it. Needs no running platform.")
        {
            trace, set, current, hardware, prompt, answer, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                var catalog = HardwareCatalog.Load();
                var node = catalog.Find(parsed.GetValue(hardware)!) ?? throw new InvalidDataException($"The catalogue has no hardware \"{parsed.GetValue(hardware)}\"; it has {string.Join(", ", catalog.All.Select(h => h.Id))}.");
                var now = Set(Usual, parsed.GetValue(current) ?? []);
                var tried = parsed.GetValue(set) is { Length: > 0 } given ? (Name: string.Join(' ', given), Setup: Set(now, given)) : default;
                var traffic = parsed.GetValue(trace) is { } file ? Read(file, new(parsed.GetValue(prompt), parsed.GetValue(answer))) : ExampleTraffic.Day();
                List<SimulatedRun> runs = [SimulatedRun.Of("current", traffic, now)];
                if (tried.Setup is not null) runs.Add(SimulatedRun.Of(tried.Name, traffic, tried.Setup));
                var report = new SimulationReport(traffic, runs, catalog.PricePerHour(node.Id, traffic.From));
                if (parsed.GetValue(json)) Output.PrintJson(report.Json().ToJsonString());
                else report.Show(console);
                return 0;
            }
            catch (InvalidDataException e)
            {
                await Console.Error.WriteLineAsync(e.Message.AsMemory(), cancel);
                return ExitCode.Usage;
            }
        });
        return command;
    }

    private static Option<double> Rate(string name, string what, double usual)
    {
        var rate = new Option<double>(name) { Description = what, DefaultValueFactory = _ => usual };
        rate.Validators.Add(r => { if (r.Tokens.Count == 1 && !(r.GetValueOrDefault<double>() is > 0 and <= 1e6)) r.AddError($"{name} must be above 0, and at most 1000000."); });
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
