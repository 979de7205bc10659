using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Cli.Tests;

/// <summary><c>hypervize billing usage</c>. The tests play the platform; <c>LifeSpecs</c> asks a real one.</summary>
public sealed class BillingSpecs : IAsyncLifetime
{
    private const string Chat = "endpt-000000000001", Gone = "endpt-000000000002", Another = "acct-000000000002";
    private StandIn _platform = null!;

    public async Task InitializeAsync() => _platform = await new Identities().PlayAsync("platform", app =>
    {
        app.MapGet("/v1/billing/usage", () => new { total = 1.5m, burnPerHour = 0.5m, endpoints = (object[])[Usage(Chat, 1m), Usage(Gone, 0.5m)] }).AllowAnonymous();
        app.MapGet("/v1/endpoints", (string? account) => new { endpoints = (object[])[new { id = Chat, name = account == Another ? "another's" : "chat" }], cursor = (string?)null }).AllowAnonymous();
    });

    public Task DisposeAsync() => _platform.DisposeAsync().AsTask();

    [Fact]
    public async Task Endpoints_are_named_as_long_as_they_are_there()
    {
        var output = await RunAsync();
        Assert.Matches(@$"{Chat}\s+chat\s+2026-11-01\s+3600\s+1\.00", output);
        Assert.Matches(@$"{Gone}\s+\(deleted\)\s+2026-11-01\s+3600\s+0\.50", output);
    }

    [Fact]
    public async Task A_script_gets_the_names_too() =>
        Assert.Equal(["chat", null], JsonNode.Parse(await RunAsync("--json"))!["endpoints"]!.AsArray().Select(e => (string?)e!["name"]));

    [Fact]
    public async Task An_operator_sees_the_names_of_the_account_that_is_asked_for() => Assert.Contains("another's", await RunAsync("--account", Another));

    private async Task<string> RunAsync(params string[] more)
    {
        var (exitCode, output) = await Executables.RunAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "billing", "usage", .. more, "--url", _platform.Url.ToString(), "--key", "hvz_live_test"], CancellationToken.None);
        Assert.Equal(0, exitCode);
        return output;
    }

    private static object Usage(string id, decimal total) => new { endpointId = id, nodeSeconds = 3600, total, days = (object[])[new { day = "2026-11-01", nodeSeconds = 3600, total }] };
}
