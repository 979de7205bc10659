using System.CommandLine;
using System.Text.Json;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Bench.Proxy;

/// <summary><c>hypervize bench proxy</c>: what the front door costs, beside YARP, nginx and haproxy in the same run.</summary>
internal static class ProxyBench
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    public static Command Create(IAnsiConsole console)
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds to compare; a contestant's slice of one takes some seconds.", DefaultValueFactory = _ => 12 };
        rounds.Validators.Add(r => { if (r.GetValueOrDefault<int>() < 1) r.AddError("--rounds must be 1 or more."); });
        var only = Choice("--only", "Figures to measure", Measurements.All);
        var against = Choice("--against", "Whom to measure beside ours", Contestants.Others);
        var json = new Option<bool>("--json") { Description = "End with one JSON object." };
        var command = new Command("proxy", "What the proxy costs per request, per chunk and per held request, beside YARP, nginx and haproxy. Takes about ten minutes; exits with 0 when every bar holds.")
        {
            rounds, only, against, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (!OperatingSystem.IsLinux()) throw new MissingOnThisMachineException("Run this on Linux: CPU time and memory are read from its kernel.");
            Measurements measured = null!;
            await ProgressLine.ShowAsync(async progress => measured = await Measurements.TakeAsync(
                parsed.GetValue(only)!, parsed.GetValue(against)!, parsed.GetValue(rounds), progress, cancel));
            var figures = measured.Figures();
            await File.WriteAllTextAsync(Path.Combine(measured.Folder, "samples.json"), JsonSerializer.Serialize(measured, Readable), cancel);
            RunFolder.Keep(measured.Folder, figures);
            if (parsed.GetValue(json)) Output.PrintJson(Figure.Json(figures).ToJsonString());
            else Figure.Show(console, figures);
            return figures.All(f => f.Held) ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static Option<string[]> Choice(string name, string description, IReadOnlyList<string> all)
    {
        var option = new Option<string[]>(name)
        {
            Description = $"{description}, separated by commas: {string.Join(", ", all)}.",
            DefaultValueFactory = _ => [.. all],
            CustomParser = given => [.. given.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))],
        };
        option.Validators.Add(given =>
        {
            if (given.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(t => !all.Contains(t)) is { } unknown)
                given.AddError($"{name} knows no {unknown}. It knows {string.Join(", ", all)}.");
        });
        return option;
    }
}
