using System.Net;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary><c>GET /v1/traffic</c> of the autoscaler as it is run.</summary>
public sealed class TrafficRouteSpecs : IAsyncLifetime
{
    // Of other specs' endpoints this autoscaler hears, too: they share the broker.
    private const string Owner = "acct-traffic-1", Another = "acct-traffic-2";
    private readonly Surroundings _around = new();

    public Task InitializeAsync() => _around.InitializeAsync();

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task It_tells_of_all_endpoints_that_are_listed_to_the_caller()
    {
        var called = _around.Up(wanted: 1, decisive: 7) with { AccountId = Owner };
        var uncalled = called with { Id = "endpt-00000000000a", Status = EndpointStatus.Hibernated, CreatedAt = called.CreatedAt.AddDays(1) };
        var strange = called with { Id = "endpt-00000000000b", AccountId = Another, CreatedAt = called.CreatedAt.AddHours(1) };
        var deleted = called with { Id = "endpt-00000000000c", Status = EndpointStatus.Deleted };
        _around.Give(version: 7, called, uncalled, strange, deleted);
        (_around.Arriving, _around.InFlight) = (10, 3);
        await _around.StartAutoscalerAsync();
        _around.StartProxy();

        using var owner = _around.Client(Owner, KeyScope.Manage);
        var traffic = await EventuallyAsync(owner, "/v1/traffic", it => (int)it["endpoints"]![0]!["requestsPerMinute"]! >= 20 && it["endpoints"]![1]!["perMinute"]!.AsArray().Any(m => m is not null));
        Assert.Equal(30, (int)traffic["minutes"]!);
        Assert.Equal([called.Id, uncalled.Id], Ids(traffic));
        var (busy, idle) = (traffic["endpoints"]![0]!, traffic["endpoints"]![1]!);
        Assert.Equal((3, 0), ((int)busy["inFlight"]!, (int)busy["waiting"]!));
        Assert.Equal((30, null), (busy["perMinute"]!.AsArray().Count, (int?)busy["perMinute"]![0]));
        Assert.InRange(busy["perMinute"]!.AsArray().Sum(m => (int?)m ?? 0), 20, 10_000);
        Assert.InRange(busy["lastRequestAt"]!.GetValue<DateTimeOffset>(), called.CreatedAt.AddSeconds(-5), DateTimeOffset.UtcNow.AddSeconds(5));
        Assert.Equal((0, 0), ((int)idle["requestsPerMinute"]!, (int)idle["inFlight"]!));
        Assert.Equal([null, 0], idle["perMinute"]!.AsArray().Select(m => (int?)m).Distinct());
        Assert.Null(idle["lastRequestAt"]);

        using var another = _around.Client(Another, KeyScope.Manage);
        Assert.Equal([strange.Id], Ids(await EventuallyAsync(another, $"/v1/traffic?account={Owner}", _ => true)));
        using var operators = _around.Client("acct-0", KeyScope.Operator);
        Assert.Equal([called.Id, strange.Id, uncalled.Id], Ids(await EventuallyAsync(operators, "/v1/traffic", _ => true)).Intersect([called.Id, strange.Id, uncalled.Id]));
        Assert.Equal([strange.Id], Ids(await EventuallyAsync(operators, $"/v1/traffic?account={Another}", _ => true)));
        using var caller = _around.Client(Owner, KeyScope.Inference);
        Assert.Equal(HttpStatusCode.Forbidden, (await caller.GetAsync("/v1/traffic")).StatusCode);
    }

    private static IEnumerable<string> Ids(JsonNode traffic) => traffic["endpoints"]!.AsArray().Select(e => (string)e!["endpointId"]!);

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
