using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>What is recorded of an endpoint, and simulations on it, by the autoscaler as it is run.</summary>
public sealed class MetricsRouteSpecs : IAsyncLifetime
{
    private readonly Surroundings _around = new();

    private string Metrics => $"/v1/endpoints/{_around.EndpointId}/metrics";

    private string Simulations => $"/v1/endpoints/{_around.EndpointId}/simulations";

    public Task InitializeAsync() => _around.InitializeAsync();

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Traffic_is_told_step_by_step_and_other_settings_are_tried_on_it()
    {
        using var owner = await StartAsync(telemetry: true);
        // In the first it may have been built, and is not simulated.
        var metrics = await EventuallyAsync(owner, $"{Metrics}?step=10", answer => answer["points"]!.AsArray().Count(p => (int)p!["requests"]! >= 50) > 1);
        var point = metrics["points"]!.AsArray().First(p => (int)p!["requests"]! >= 50)!;
        Assert.Equal((true, 10), ((bool)metrics["telemetry"]!, (int)metrics["stepSeconds"]!));
        Assert.Equal(((int)point["requests"]!, 10 * (int)point["requests"]!), ((int)point["statuses"]!["200"]!, (int)point["completionTokens"]!));
        Assert.InRange((double)point["latencyMs"]!["p50"]!, 90, 120);
        Assert.InRange((double)point["inFlight"]!, 2, 4);
        Assert.Equal((1, 1), ((int)point["wanted"]!, (int)point["ready"]!));
        Assert.Equal(metrics["points"]!.AsArray().Sum(p => (int)p!["requests"]!), (int)metrics["whole"]!["requests"]!);
        Assert.InRange((double)metrics["whole"]!["latencyMs"]!["p95"]!, 90, 120);

        using var answer = await owner.PostAsJsonAsync(Simulations, new { set = new { max = 1, target = 0.5 } });
        var runs = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["runs"]!.AsArray();
        Assert.Equal(["current", "max=1 target=0.5"], runs.Select(r => (string)r!["name"]!));
        Assert.All(runs, run => Assert.True((double)run!["nodeHours"]! > 0 && (decimal)run["costUsd"]! > 0));
        Assert.Single(JsonNode.Parse(await owner.GetStringAsync(Simulations))!["runs"]!.AsArray());
        using var impossible = await owner.PostAsJsonAsync(Simulations, new { set = new { min = 3, max = 2 } });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, impossible.StatusCode);
        Assert.Contains("min (3) is above max (2)", await impossible.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Without_telemetry_nothing_is_recorded_until_it_is_switched_on()
    {
        using var owner = await StartAsync(telemetry: false);
        using var stranger = _around.Client("acct-2", KeyScope.Global);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(Metrics)).StatusCode);
        using var simulation = await owner.GetAsync(Simulations);
        Assert.Equal(HttpStatusCode.Conflict, simulation.StatusCode);
        Assert.Contains("telemetry_off", await simulation.Content.ReadAsStringAsync());
        // Said until it is heard: the autoscaler may answer before it listens.
        await Eventually.TrueAsync(async () =>
        {
            await _around.PublishAsync(_around.Up(wanted: 1, decisive: 7, telemetry: true), version: 8);
            return (bool)JsonNode.Parse(await owner.GetStringAsync(Metrics))!["telemetry"]!;
        }, "the switch to be heard");
        await EventuallyAsync(owner, Metrics, answer => answer["points"]!.AsArray().Count > 0);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_by_name()
    {
        using var owner = await StartAsync(telemetry: true);
        foreach (var (query, name) in ((string, string)[])[("from=yesterday", "from"), ("to=tomorrow", "to"), ("from=2999-01-01", "from"), ("to=2001-01-01", "to"), ("step=abc", "step"), ("step=7", "step"), ("step=0", "step"), ("from=2001-01-01&step=10", "step"), ("to=0001-01-01T00:00:00Z", "to"),
            ($"from={DateTimeOffset.UtcNow.AddDays(-2):yyyy-MM-ddTHH:mm:ssZ}&to={DateTimeOffset.UtcNow.AddDays(-2).AddMinutes(9):yyyy-MM-ddTHH:mm:ssZ}&step=10", "multiple of 60")])
        {
            using var refused = await owner.GetAsync($"{Metrics}?{query}");
            Assert.Equal((query, HttpStatusCode.UnprocessableEntity), (query, refused.StatusCode));
            Assert.Contains(name, await refused.Content.ReadAsStringAsync());
        }
        // Who says no step gets one that there is.
        var then = DateTimeOffset.UtcNow.AddDays(-2);
        Assert.Equal(60, (int)JsonNode.Parse(await owner.GetStringAsync($"{Metrics}?from={then:yyyy-MM-ddTHH:mm:ssZ}&to={then.AddMinutes(9):yyyy-MM-ddTHH:mm:ssZ}"))!["stepSeconds"]!);
        foreach (var (body, path) in ((object, string)[])[(new { set = new { max = 0 } }, "set.max"), (new { set = new { colour = 1 } }, "set.colour"), (new { set = new { max = "two" } }, "set.max"), (new { set = new { max = 1.5 } }, "set.max"), (new { from = 7 }, "from")])
        {
            using var refused = await owner.PostAsJsonAsync(Simulations, body);
            Assert.Equal((path, HttpStatusCode.UnprocessableEntity), (path, refused.StatusCode));
            Assert.Contains(path, await refused.Content.ReadAsStringAsync());
        }
    }

    private async Task<HttpClient> StartAsync(bool telemetry)
    {
        _around.Give(_around.Up(wanted: 1, decisive: 7, telemetry: telemetry), version: 7);
        (_around.Arriving, _around.InFlight) = (10, 3);
        await _around.StartAutoscalerAsync();
        _around.StartProxy();
        var owner = _around.Client("acct-1", KeyScope.Manage);
        await EventuallyAsync(owner, Metrics, _ => true);
        return owner;
    }

    private static Task<JsonNode> EventuallyAsync(HttpClient client, string path, Func<JsonNode, bool> holds)
    {
        var last = "";
        return Eventually.SomeAsync(async () =>
        {
            using var response = await client.GetAsync(path);
            last = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode && JsonNode.Parse(last) is { } answer && holds(answer) ? answer : null;
        }, $"{path} answers as it should", () => last);
    }
}
