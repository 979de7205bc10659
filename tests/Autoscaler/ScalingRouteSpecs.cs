using System.Net;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary><c>GET /v1/endpoints/{id}/scaling</c> of the autoscaler as it is run.</summary>
public sealed class ScalingRouteSpecs : IAsyncLifetime
{
    private readonly Surroundings _around = new();

    private string Path => $"/v1/endpoints/{_around.EndpointId}/scaling";

    public async Task InitializeAsync()
    {
        await _around.InitializeAsync();
        _around.Give(_around.Up(wanted: 1, decisive: 7, max: 1), version: 7);
    }

    public Task DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task It_tells_why_nothing_changes_and_why_nothing_changed_then()
    {
        await _around.StartAutoscalerAsync();
        using var owner = _around.Client("acct-1", KeyScope.Manage);
        _around.InFlight = 40;
        _around.StartProxy();
        var held = await EventuallyAsync(owner, Path, answer => answer["now"]?["rules"]?.AsArray().Any(r => (string)r!["rule"]! == "maximum") is true);
        Assert.Equal(("up", 1, 1), ((string)held["status"]!, (int)held["wanted"]!, (int)held["ready"]!));
        Assert.Contains("max 1", (string)held["now"]!["words"]!);
        var then = held["now"]!["to"]!.GetValue<DateTimeOffset>();

        _around.InFlight = 2;
        var calm = await EventuallyAsync(owner, $"{Path}?at={then.UtcDateTime:O}", answer => answer["now"]!["rules"]!.AsArray().Count == 0 && answer["at"] is not null);
        Assert.Contains("max 1", (string)calm["at"]!["words"]!);
        Assert.Contains(calm["before"]!.AsArray(), f => ((string)f!["words"]!).Contains("max 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_for_the_owner_who_manages_and_asks_for_what_can_be_known()
    {
        await _around.StartAutoscalerAsync();
        using var owner = _around.Client("acct-1", KeyScope.Manage);
        await EventuallyAsync(owner, Path, answer => answer["now"] is not null);
        using var stranger = _around.Client("acct-2", KeyScope.Global);
        using var caller = _around.Client("acct-1", KeyScope.Inference);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(Path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await caller.GetAsync(Path)).StatusCode);
        foreach (var query in (string[])["at=yesterday", "at=2999-01-01T00:00:00Z", "at=2001-01-01", "limit=501", "limit=-1"])
            Assert.Equal((query, HttpStatusCode.UnprocessableEntity), (query, (await owner.GetAsync($"{Path}?{query}")).StatusCode));
        // The table is made by whoever keeps findings, some moments after it listens.
        var yesterday = await EventuallyAsync(owner, $"{Path}?at={DateTimeOffset.UtcNow.AddDays(-1):yyyy-MM-ddTHH:mm:ssZ}", _ => true);
        Assert.Null(yesterday["at"]);
    }

    [Fact]
    public async Task Without_its_database_it_scales_and_tells_what_it_finds_now()
    {
        await _around.StartAutoscalerAsync("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing");
        _around.Give(_around.Up(wanted: 1, decisive: 7), version: 8);
        await _around.PublishAsync(_around.Up(wanted: 1, decisive: 8), version: 8);
        _around.InFlight = 40;
        _around.StartProxy();
        await Surroundings.NextAsync(_around.Scale, "it scales up");
        using var owner = _around.Client("acct-1", KeyScope.Manage);
        await EventuallyAsync(owner, $"{Path}?limit=0", answer => answer["now"] is not null);
        using var before = await owner.GetAsync(Path);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        Assert.Contains("findings_unavailable", await before.Content.ReadAsStringAsync());
    }

    private static Task<JsonNode> EventuallyAsync(HttpClient client, string path, Func<JsonNode, bool> holds) => Eventually.SomeAsync(async () =>
    {
        using var response = await client.GetAsync(path);
        return response.IsSuccessStatusCode && JsonNode.Parse(await response.Content.ReadAsStringAsync()) is { } answer && holds(answer) ? answer : null;
    }, $"{path} answers as it should");
}
