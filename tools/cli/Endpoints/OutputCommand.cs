using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Endpoints;

/// <summary><c>hypervize endpoints logs</c>: what an endpoint's nodes printed, and with <c>--follow</c> what they print from now on.</summary>
internal static class OutputCommand
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FetchingToldEvery = TimeSpan.FromSeconds(3);

    public static Command Create(IAnsiConsole console, Argument<string> endpoint)
    {
        var tail = new Option<int>("--tail") { Description = "Lines of each node.", DefaultValueFactory = _ => 100 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is added, until Ctrl-C." };
        var command = new Command("logs", "What its nodes printed, with the telemetry add-on; and how far their weights are.") { endpoint, tail, follow };
        command.SetAction(async (parsed, cancel) =>
        {
            using var platform = PlatformClient.Of(parsed);
            var path = $"v1/endpoints/{await EndpointCommands.IdAsync(parsed, platform, cancel)}/logs?tail={parsed.GetValue(tail)}";
            if (parsed.GetValue(follow)) await FollowAsync(console, platform, path, cancel);
            else console.WriteLine(await platform.TextAsync(path, cancel));
            return 0;
        });
        return command;
    }

    // A stream breaks whenever a service or a proxy is restarted: it is gone on with where it broke.
    private static async Task FollowAsync(IAnsiConsole console, PlatformClient platform, string path, CancellationToken cancel)
    {
        var (heard, begun, broken, fetchingToldAt) = ((string?)null, false, false, 0L);
        while (true)
        {
            try
            {
                await foreach (var e in platform.EventsAsync(path, heard, cancel))
                {
                    (heard, begun, broken) = (e.Id ?? heard, true, false);
                    if (e.Type == "end")
                    {
                        await Console.Error.WriteLineAsync((string?)JsonNode.Parse(e.Data)!["message"]);
                        return;
                    }
                    Show(e);
                }
                begun = true;
            }
            catch (RefusedException e) when (begun && e.MayPass)
            {
            }
            if (!broken) await Console.Error.WriteLineAsync("The stream broke; it is gone on with as soon as the platform answers.");
            broken = true;
            await Task.Delay(AgainAfter, cancel);
        }

        void Show(ServerEvent e)
        {
            switch (e.Type)
            {
                case "lines":
                    foreach (var line in JsonNode.Parse(e.Data)!.AsArray()) Write(console, $"{(string?)line!["nodeId"]} | {(string?)line["text"]}", (string?)line["level"]);
                    break;
                case "skipped":
                    var skipped = JsonNode.Parse(e.Data)!;
                    Write(console, $"{(string?)skipped["nodeId"]} | … {skipped["bytes"]} bytes are left out: it prints faster than they can be shown.", "warning");
                    break;
                case "fetching" when fetchingToldAt == 0 || Stopwatch.GetElapsedTime(fetchingToldAt) >= FetchingToldEvery:
                    foreach (var line in JsonNode.Parse(e.Data)!.AsArray()) Write(console, $"weights | {(string?)line}", level: null);
                    fetchingToldAt = Stopwatch.GetTimestamp();
                    break;
            }
        }
    }

    // A script is given each line as it is: past the console that breaks lines to its width.
    private static void Write(IAnsiConsole console, string line, string? level)
    {
        if (Console.IsOutputRedirected) Console.Out.WriteLine(line);
        else console.WriteLine(line, level switch { "error" => Color.Red, "warning" => Color.Yellow, "debug" => Color.Grey, _ => Style.Plain });
    }
}
