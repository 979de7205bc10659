using System.Text.Json.Nodes;
using Hypervize.Cli.Client;

namespace Hypervize.EndToEnd.Tests;

/// <summary>An account of its own with one endpoint that is up, on the dearest hardware there is: it spends a cent, the least cap there is, in a second.</summary>
internal sealed class SpendingAccount : IDisposable
{
    private readonly PlatformClient _client;

    private SpendingAccount(PlatformClient client, string key, string endpointId) => (_client, Key, EndpointId) = (client, key, endpointId);

    public string Key { get; }

    public string EndpointId { get; }

    public static async Task<SpendingAccount> OpenAsync(Platform platform)
    {
        var account = (await platform.Client.CallAsync(HttpMethod.Post, "v1/accounts", CancellationToken.None, new JsonObject { ["name"] = "spending" }))!;
        var key = (string)account["firstKey"]!["key"]!;
        var client = new PlatformClient(platform.Url, key);
        var endpoint = (await client.CallAsync(HttpMethod.Post, "v1/endpoints", CancellationToken.None, new JsonObject
        {
            ["name"] = "dear", ["model"] = "simulator/tiny", ["hardware"] = "p6-b300.48xlarge", ["scaling"] = new JsonObject { ["min"] = 0, ["max"] = 1, ["idleSeconds"] = 3600 },
        }))!;
        var it = new SpendingAccount(client, key, (string)endpoint["id"]!);
        await platform.UntilAsync(it.EndpointId, "up");
        return it;
    }

    /// <summary>Sets the cap, null for none, and says whether it is reached.</summary>
    public async Task<bool> CapAsync(decimal? monthlyUsd) =>
        (bool)(await _client.CallAsync(HttpMethod.Put, "v1/billing/cap", CancellationToken.None, new JsonObject { ["monthlyUsd"] = monthlyUsd }))!["reached"]!;

    public Task UntilSpentAsync(decimal usd) => Platform.EventuallyAsync(async () => await SpentAsync() >= usd, $"{usd} USD to be spent");

    public async Task<decimal> SpentAsync() => (await _client.CallAsync(HttpMethod.Get, "v1/billing/cap", CancellationToken.None))!["spent"]!.GetValue<decimal>();

    public void Dispose() => _client.Dispose();
}
