using System.Text.Json.Nodes;
using Hypervize.Kit.Hub;

namespace Hypervize.EndToEnd.Tests;

/// <summary>A runtime that is given its weights: fetched for the first node, and there for all that follow.</summary>
public sealed class WarmWakeSpecs
{
    [Fact]
    public async Task A_wake_from_a_warm_cache_says_so()
    {
        await using var hub = await HubStandIn.StartAsync();
        var model = hub.PutChat("me/tiny");
        using var runtime = new Variables(hub);
        var platform = new Platform();
        try
        {
            await platform.InitializeAsync();
            var created = (await platform.Client.CallAsync(HttpMethod.Post, "v1/endpoints", CancellationToken.None, new JsonObject { ["name"] = "warm", ["model"] = model.Id, ["runtime"] = "vllm", ["telemetry"] = true }))!;
            var id = (string)created["id"]!;
            await platform.UntilAsync(id, "up");
            await platform.DoAsync(id, "hibernate");
            await platform.UntilAsync(id, "hibernated");
            await platform.Client.ChatAsync(id, "Hello", 8, _ => { }, CancellationToken.None);

            var receipts = (await platform.EventsAsync(id)).Where(e => (string)e["type"]! == "node_ready").Select(e => (string)e["summary"]!).ToList();
            Assert.Equal(2, receipts.Count);
            Assert.Contains("GB of weights fetched before", receipts[0]);
            Assert.Contains("GB of weights from the warm cache", receipts[1]);
            Assert.Contains("model.safetensors", await platform.Client.TextAsync($"v1/endpoints/{id}/logs?tail=1000", CancellationToken.None));
        }
        finally
        {
            await platform.DisposeAsync();
        }
    }
}
