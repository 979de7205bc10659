using System.CommandLine;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Running;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Operations;

/// <summary><c>hypervize errors …</c>: messages that failed every retry, of all services. For operators.</summary>
internal static class ErrorCommands
{
    public static Command Create(IAnsiConsole console)
    {
        var queue = new Argument<string>("queue") { Description = "The queue, from `errors list`." };
        return PlatformClient.AddTo(new Command("errors", "List messages that failed every retry, and put them back to work.")
        {
            Output.Json,
            new Command("list", "List them, oldest first, at most 100 of each queue.").Calls(console, (_, platform, cancel) => AllAsync(platform, cancel), all => Show(console, all)),
            new Command("replay", "Put a queue's failed messages back to work; first mend what made them fail.") { queue }.Calls(
                console, (parsed, platform, cancel) => ReplayAsync(platform, parsed.GetValue(queue)!, cancel), answer => console.WriteLine($"{answer["replayed"]} messages are back in {answer["queue"]}.")),
        });
    }

    private static async Task<JsonNode?> AllAsync(PlatformClient platform, CancellationToken cancel)
    {
        var all = new JsonArray();
        foreach (var service in ServiceTable.All.Where(s => s.HasErrorQueues))
            foreach (var message in (await platform.CallAsync(HttpMethod.Get, $"v1/operations/{service.Name}/errors", cancel))!["messages"]!.AsArray())
                all.Add(message!.DeepClone());
        return all;
    }

    // Queues are named service-purpose.
    private static Task<JsonNode?> ReplayAsync(PlatformClient platform, string queue, CancellationToken cancel)
    {
        var service = queue.Split('-')[0];
        return ServiceTable.All.Any(s => s.Name == service && s.HasErrorQueues)
            ? platform.CallAsync(HttpMethod.Post, $"v1/operations/{service}/errors/{Uri.EscapeDataString(queue)}/replay", cancel)
            : throw new RefusedException($"There is no queue {queue}. `errors list` shows those with failed messages.");
    }

    private static void Show(IAnsiConsole console, JsonNode all)
    {
        if (all.AsArray().Count == 0) console.WriteLine("No message has failed.");
        else
            console.Table(all, ("QUEUE", m => (string?)m["queue"]), ("FAILED", m => (string?)m["failedAt"]), ("MESSAGE", m => ((string?)m["messageType"])?.Split(':')[^1]), ("REASON", m => (string?)m["reason"]));
    }
}
