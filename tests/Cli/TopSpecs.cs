using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hypervize.Cli.Tests;

/// <summary><c>hypervize endpoints top</c>, as a script calls it.</summary>
public sealed class TopSpecs : IAsyncLifetime
{
    private const string Mine = "acct-000000000001";
    private readonly WebApplication _platform = Build();
    private bool _tellsTraffic = true;

    public async Task InitializeAsync()
    {
        _platform.MapGet("/v1/endpoints", (string? cursor) => string.IsNullOrEmpty(cursor)
            ? Results.Ok(new { endpoints = (object[])[Endpoint(1, "chat", "up", 2, ["ready", "starting"]), Endpoint(2, "embed", "hibernated", 0, [])], cursor = "next" })
            : Results.Ok(new { endpoints = (object[])[Endpoint(3, "another's", "up", 1, [], "acct-000000000002")] }));
        _platform.MapGet("/v1/traffic", () => _tellsTraffic
            ? Results.Ok(new { endpoints = (object[])[new { endpointId = Id(1), requestsPerMinute = 120.5, inFlight = 3, waiting = 1 }] })
            : Results.Problem(statusCode: 404, extensions: new Dictionary<string, object?> { ["code"] = "not_found" }));
        _platform.MapGet("/v1/billing/burn", () => new { accountId = Mine, currency = "USD", perHour = 1.006m, endpoints = (object[])[new { endpointId = Id(1), nodes = 1, perHour = 1.006m }] });
        await _platform.StartAsync();
    }

    public async Task DisposeAsync() => await _platform.DisposeAsync();

    [Fact]
    public async Task All_that_endpoints_do_and_cost_is_one_JSON_object()
    {
        var (exitCode, output) = await TopAsync("--json");
        var now = JsonNode.Parse(output)!;
        Assert.Equal((0, 1.006m, """{"up":2,"hibernated":1}"""), (exitCode, (decimal)now["perHour"]!, now["statuses"]!.ToJsonString()));
        Assert.Equal(
            [
                """{"id":"endpt-000000000001","name":"chat","status":"up","ready":1,"wanted":2,"requestsPerMinute":120.5,"inFlight":3,"waiting":1,"perHour":1.006}""",
                """{"id":"endpt-000000000002","name":"embed","status":"hibernated","ready":0,"wanted":0,"requestsPerMinute":0,"inFlight":0,"waiting":0,"perHour":0}""",
                """{"id":"endpt-000000000003","name":"another\u0027s","status":"up","ready":0,"wanted":1,"requestsPerMinute":0,"inFlight":0,"waiting":0,"perHour":null}""",
            ],
            now["endpoints"]!.AsArray().Select(e => e!.ToJsonString()));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Where_nobody_looks_one_table_is_printed_and_what_is_not_known_is_not_made_up(bool once)
    {
        _tellsTraffic = false;
        var (exitCode, output) = once ? await TopAsync("--once") : await TopAsync();
        Assert.Equal(0, exitCode);
        Assert.Matches(@"chat\s+up\s+1/2\s+\?\s+\?\s+\?\s+1\.006", output);
        Assert.Matches(@"another's\s+up\s+0/1\s+\?\s+\?\s+\?\s+\?", output);
        Assert.Contains("2 up, 1 hibernated; 1.006 USD per hour", output);
        Assert.Single(output.Split('\n'), line => line.Contains("NAME", StringComparison.Ordinal));
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private static string Id(int number) => $"endpt-{number:000000000000}";

    private static object Endpoint(int number, string name, string status, int wanted, string[] nodes, string account = Mine) =>
        new { id = Id(number), accountId = account, name, status, wanted, nodes = nodes.Select(n => new { id = "node-1", status = n }) };

    private async Task<(int ExitCode, string Output)> TopAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "endpoints", "top", "--url", _platform.Urls.Single(), "--key", "hvz_live_test", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.Equal("", await errors);
        return (process.ExitCode, await output);
    }
}
