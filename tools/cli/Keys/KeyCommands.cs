using System.CommandLine;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Spectre.Console;

namespace Hypervize.Cli.Keys;

/// <summary><c>hypervize keys …</c></summary>
internal static class KeyCommands
{
    public static Command Create(IAnsiConsole console)
    {
        var name = new Argument<string>("name") { Description = "A label." };
        var scope = new Option<string>("--scope") { Description = "inference, manage, global or operator.", DefaultValueFactory = _ => "inference" };
        var id = new Argument<string>("id") { Description = "The key's id, from `keys list`." };
        return PlatformClient.AddTo(new Command("keys", "List, issue and revoke API keys.")
        {
            Output.Json,
            new Command("list", "List keys.").Calls(console, (_, platform, cancel) => platform.CallAsync(HttpMethod.Get, "v1/keys", cancel), all => console.Table(
                all["keys"]!, ("ID", k => (string?)k["id"]), ("PREFIX", k => (string?)k["prefix"]), ("NAME", k => (string?)k["name"]),
                ("SCOPES", k => string.Join(", ", k["scopes"]!.AsArray().Select(s => (string?)s))))),
            new Command("issue", "Issue a key. It is shown once.") { name, scope }.Calls(
                console, (parsed, platform, cancel) => platform.CallAsync(HttpMethod.Post, "v1/keys", cancel, new JsonObject { ["name"] = parsed.GetValue(name), ["scope"] = parsed.GetValue(scope) }),
                key => console.WriteLine((string)key["key"]!)),
            new Command("revoke", "Revoke a key, for good.") { id }.Calls(
                console, (parsed, platform, cancel) => platform.CallAsync(HttpMethod.Delete, $"v1/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel), _ => { }),
        });
    }
}
