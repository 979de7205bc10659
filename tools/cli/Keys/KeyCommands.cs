using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Keys;

/// <summary><c>hypervize keys …</c></summary>
internal static class KeyCommands
{
    public static Command Create(IAnsiConsole console)
    {
        var name = new Argument<string>("name") { Description = "A label." };
        var scope = new Option<string>("--scope") { Description = "inference, manage, global or operator.", DefaultValueFactory = _ => "inference" };
        var own = new Option<bool>("--own") { Description = "Also if it is the key that this command uses." };
        var id = new Argument<string>("id") { Description = "The key's id, from `keys list`." };
        var limits = new LimitOptions();
        return PlatformClient.AddTo(new Command("keys", "List, issue, limit and revoke API keys.")
        {
            Output.Json,
            new Command("list", "List keys.").Calls(console, (_, platform, cancel) => platform.CallAsync(HttpMethod.Get, "v1/keys", cancel), all => console.Table(
                all["keys"]!, ("ID", k => (string?)k["id"]), ("PREFIX", k => (string?)k["prefix"]), ("NAME", k => (string?)k["name"]), ("ISSUED", k => k["createdAt"]!.GetValue<DateTimeOffset>().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
                ("SCOPES", k => string.Join(", ", k["scopes"]!.AsArray().Select(s => (string?)s))),
                ("LIMITS", k => LimitOptions.Words(k["limits"])))),
            new Command("issue", "Issue a key. It is shown once.") { name, scope, limits.PerMinute, limits.Concurrent }.Calls(
                console, (parsed, platform, cancel) =>
                {
                    var body = new JsonObject { ["name"] = parsed.GetValue(name), ["scope"] = parsed.GetValue(scope) };
                    if (limits.Of(parsed) is { } given) body["limits"] = given;
                    return platform.CallAsync(HttpMethod.Post, "v1/keys", cancel, body);
                },
                key =>
                {
                    console.WriteLine((string)key["key"]!);
                    Console.Error.WriteLine($"It is {(string)key["id"]!}, and is not shown again.");
                }),
            Limit(console, id),
            new Command("revoke", "Revoke a key, for good.") { id, own }.Calls(
                console, (parsed, platform, cancel) => RevokeAsync(platform, parsed.GetValue(id)!, parsed.GetValue(own), cancel), key => console.WriteLine($"{(string)key["id"]!} ({(string)key["name"]!}) is revoked.")),
        });
    }

    private static Command Limit(IAnsiConsole console, Argument<string> id)
    {
        var limits = new LimitOptions();
        var none = new Option<bool>("--none") { Description = "Any number of requests." };
        var command = new Command("limit", "Change how many requests a key may make: what is given replaces all limits it had.") { id, limits.PerMinute, limits.Concurrent, none }.Calls(
            console, (parsed, platform, cancel) => platform.CallAsync(HttpMethod.Patch, $"v1/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel, new JsonObject { ["limits"] = limits.Of(parsed) }),
            key => console.WriteLine($"{key["id"]} ({key["name"]}): {LimitOptions.Words(key["limits"]) ?? "no limits"}"));
        command.Validators.Add(r =>
        {
            var isLimited = (r.GetResult(limits.PerMinute) ?? r.GetResult(limits.Concurrent)) is not null;
            if (isLimited == (r.GetResult(none) is not null)) r.AddError("Give --rpm, --concurrent or both; or --none.");
        });
        return command;
    }

    // A mistyped id must not pass for a key that is out of the world.
    private static async Task<JsonNode?> RevokeAsync(PlatformClient platform, string id, bool own, CancellationToken cancel)
    {
        var keys = (await platform.CallAsync(HttpMethod.Get, "v1/keys", cancel))!["keys"]!.AsArray();
        var key = keys.FirstOrDefault(k => (string)k!["id"]! == id) ?? throw new RefusedException($"There is no key {id}, or it was revoked before. `keys list` shows what there is.");
        if (!own && platform.IsOwn((string)key["prefix"]!))
            throw new RefusedException($"{id} is the key that this command uses: without it you are locked out. docs/operations.md says how to replace it; --own revokes it all the same.");
        await platform.CallAsync(HttpMethod.Delete, $"v1/keys/{id}", cancel);
        return key;
    }
}
