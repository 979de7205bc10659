using System.Globalization;
using System.Text.Json.Nodes;

namespace Hypervize.EndToEnd.Tests;

/// <summary>An endpoint under a load that comes and goes: what it does, what it says of it, and what a simulation makes of what was recorded.</summary>
public sealed class ScalingSpecs(Platform platform) : IClassFixture<Platform>
{
    [Fact]
    public async Task It_goes_from_one_node_to_four_to_one_to_sleep_explains_itself_loses_nothing_and_costs_what_a_simulation_says()
    {
        var id = await CreateAsync();
        await platform.UntilAsync(id, "up");
        var answers = 0;
        foreach (var (clients, wanted, seconds) in ((int, int, int)[])[(1, 1, 15), (12, 4, 45), (1, 1, 12)])
        {
            var traffic = new Traffic(platform.Url, platform.OperatorKey, id, clients);
            await using (traffic)
            {
                await Platform.EventuallyAsync(async () => (int)(await platform.ShowAsync(id))["wanted"]! == wanted, $"{wanted} nodes for {clients} clients");
                await Task.Delay(TimeSpan.FromSeconds(seconds));
            }
            Assert.Empty(traffic.Failures);
            answers += traffic.Answers;
        }
        await platform.UntilAsync(id, "hibernated");

        var changes = (await platform.EventsAsync(id)).Where(e => (string)e["type"]! is "endpoint_scaled" or "endpoint_hibernated").ToList();
        var path = changes.Select(e => (int?)e["fact"]!["to"] ?? 0).ToList();
        Assert.Equal((4, 1, 0), (path.Max(), path[^2], path[^1]));
        Assert.All(changes.SkipLast(1), e => Assert.Matches(@"by autoscaler: \d+\.\d requests at once over .* → \d nodes?", (string)e["summary"]!));
        Assert.Contains("No request for", (string)changes[^1]["summary"]!);
        var peak = changes[path.IndexOf(4)]["at"]!.GetValue<DateTimeOffset>().AddSeconds(10);
        Assert.Equal(4, (int)(await GetAsync($"v1/endpoints/{id}/scaling?at={peak.UtcDateTime:O}"))["at"]!["nodes"]!);

        JsonNode metrics = null!;
        await Platform.EventuallyAsync(async () =>
        {
            metrics = await GetAsync($"v1/endpoints/{id}/metrics?step=10");
            return metrics["points"]!.AsArray().Sum(p => (int)p!["requests"]!) == answers && (double)metrics["points"]!.AsArray()[^1]!["ready"]! == 0;
        }, $"{answers} requests and the sleep are recorded", () => metrics.ToJsonString());
        Assert.Equal(0, metrics["points"]!.AsArray().Sum(p => (int)p!["errors"]!));

        await CostsWhatASimulationSaysAsync(id);
    }

    // Both of the time that was recorded.
    private async Task CostsWhatASimulationSaysAsync(string id)
    {
        var rehearsal = await GetAsync($"v1/endpoints/{id}/simulations");
        var from = rehearsal["from"]!.GetValue<DateTimeOffset>().UtcDateTime;
        var to = from.AddSeconds((int)rehearsal["seconds"]!);
        var usage = await GetAsync(string.Create(CultureInfo.InvariantCulture, $"v1/billing/usage?endpoint={id}&from={from:O}&to={to:O}"));
        var (simulated, billed) = ((double)rehearsal["runs"]![0]!["costUsd"]!, (double)usage["total"]!);
        // A simulation counts whole seconds: one more or less for each of four nodes that start and stop, which are much of a run of two minutes, and nothing of a day.
        var seconds = 8 * (double)rehearsal["pricePerHour"]! / 3600;
        Assert.True(Math.Abs(simulated - billed) <= 0.02 * billed + seconds, $"Simulated {simulated} USD, billed {billed} USD: {simulated / billed - 1:+0.00%;-0.00%}.");
    }

    private async Task<string> CreateAsync() => (string)(await platform.Client.CallAsync(HttpMethod.Post, "v1/endpoints", CancellationToken.None, new JsonObject
    {
        ["name"] = "waves", ["model"] = "simulator/tiny?tps=20", ["hardware"] = "g5.xlarge", ["telemetry"] = true,
        ["scaling"] = new JsonObject
        {
            ["min"] = 0, ["max"] = 4, ["idleSeconds"] = 10, ["concurrency"] = 4,
            ["tuning"] = new JsonObject { ["windowSeconds"] = 5, ["stabilisationSeconds"] = 6, ["downRate"] = 4 },
        },
    }))!["id"]!;

    private async Task<JsonNode> GetAsync(string path) => (await platform.Client.CallAsync(HttpMethod.Get, path, CancellationToken.None))!;
}
