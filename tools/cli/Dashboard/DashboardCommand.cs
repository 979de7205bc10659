using System.CommandLine;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Spectre.Console;

namespace Hypervize.Cli.Dashboard;

/// <summary><c>hypervize dashboard</c>: a link that opens the dashboard, signed in with the key that commands use.</summary>
internal static class DashboardCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var endpoint = new Argument<string?>("endpoint") { Arity = ArgumentArity.ZeroOrOne, Description = "Its id or name, to open its page; all endpoints when left out." };
        return PlatformClient.AddTo(new Command("dashboard", "Print a link that opens the dashboard, signed in; it works once, within 15 minutes.") { endpoint, Output.Json }.Calls(
            console, async (parsed, platform, cancel) => new JsonObject
            {
                ["dashboard"] = await LinkAsync(platform, parsed.GetValue(endpoint) is { } named ? $"/dashboard/inference/blocks/{await platform.EndpointIdAsync(named, cancel)}" : null, cancel),
            }, link => console.WriteLine((string)link["dashboard"]!)));
    }

    /// <summary>A link that signs in once.</summary>
    /// <param name="platform">The platform.</param>
    /// <param name="page">The page it leads to; null for all endpoints.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<string> LinkAsync(PlatformClient platform, string? page, CancellationToken cancel) =>
        (string)(await platform.CallAsync(HttpMethod.Post, "dashboard/links", cancel, new JsonObject { ["to"] = page }))!["url"]!;
}
