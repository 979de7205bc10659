using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Cli.Tests;

/// <summary>What the commands about settings, limits and caps ask of the platform, which the tests play.</summary>
public sealed class LimitSpecs : IAsyncLifetime
{
    private const string Key = """{"id":"key-0123456789ab","name":"laptop","prefix":"hvz_live_Ab12","scopes":["inference"],"createdAt":"2026-11-01T12:00:00+00:00","limits":{"requestsPerMinute":60},"key":"hvz_live_secret"}""";
    private const string Endpoint = """
        {"id":"endpt-0123456789ab","name":"chat","status":"building","model":"m","hardware":"local","runtime":"simulator","pricePerHour":0,"nodes":[],"url":"http://here",
         "scaling":{"min":0,"max":1,"idleSeconds":300,"tuning":{"utilisation":0.5,"windowSeconds":60,"downRate":1.5}},"limits":{"concurrent":32,"perAddress":{"requestsPerMinute":20,"concurrent":2}}}
        """;
    private const string Reached = """{"accountId":"acct-1","currency":"USD","monthlyUsd":250.50,"month":"2026-11","spent":251.000001,"reached":true}""";

    private StandIn _platform = null!;
    private (string Route, string Body) _asked;

    public async Task InitializeAsync() => _platform = await new Identities().PlayAsync("platform", app =>
    {
        foreach (var (path, answer) in new[] { ("/v1/keys/{id?}", Key), ("/v1/endpoints/{id?}", Endpoint), ("/v1/billing/cap", Reached) })
            app.Map(path, async (HttpRequest request) =>
            {
                using var body = new StreamReader(request.Body);
                _asked = ($"{request.Method} {request.Path}{request.QueryString}", await body.ReadToEndAsync());
                return Results.Text(request is { Method: "GET", Path.Value: "/v1/keys" } ? $$"""{"keys":[{{Key}}]}""" : answer, "application/json");
            }).AllowAnonymous();
    });

    public Task DisposeAsync() => _platform.DisposeAsync().AsTask();

    [Theory]
    [InlineData("keys issue laptop", "POST /v1/keys", """{"name":"laptop","scope":"inference"}""")]
    [InlineData("keys issue laptop --rpm 60 --concurrent 4", "POST /v1/keys", """{"name":"laptop","scope":"inference","limits":{"requestsPerMinute":60,"concurrent":4}}""")]
    [InlineData("keys limit key-1 --concurrent 4", "PATCH /v1/keys/key-1", """{"limits":{"concurrent":4}}""")]
    [InlineData("keys limit key-1 --rpm 60 --concurrent 4", "PATCH /v1/keys/key-1", """{"limits":{"requestsPerMinute":60,"concurrent":4}}""")]
    [InlineData("keys limit key-1 --none", "PATCH /v1/keys/key-1", """{"limits":null}""")]
    [InlineData("endpoints create chat --rpm 600", "POST /v1/endpoints", """{"name":"chat","limits":{"requestsPerMinute":600}}""")]
    [InlineData("endpoints create chat --concurrent 32 --address-rpm 20 --address-concurrent 2", "POST /v1/endpoints", """{"name":"chat","limits":{"concurrent":32,"perAddress":{"requestsPerMinute":20,"concurrent":2}}}""")]
    [InlineData("endpoints create chat --address-rpm 20", "POST /v1/endpoints", """{"name":"chat","limits":{"perAddress":{"requestsPerMinute":20}}}""")]
    [InlineData("endpoints update endpt-0123456789ab --max 4 --node-rpm 600 --public false", "PATCH /v1/endpoints/endpt-0123456789ab", """{"scaling":{"max":4,"requestsPerMinute":600},"access":"private"}""")]
    [InlineData("endpoints update endpt-0123456789ab --node-rpm 0 --no-limits", "PATCH /v1/endpoints/endpt-0123456789ab", """{"scaling":{"requestsPerMinute":null},"limits":null}""")]
    [InlineData("endpoints create chat --utilisation 0.5 --window 60 --stabilisation 120 --panic 1.1 --up-rate 2 --down-rate 1.5", "POST /v1/endpoints", """{"name":"chat","scaling":{"tuning":{"utilisation":0.5,"windowSeconds":60,"stabilisationSeconds":120,"panicAt":1.1,"upRate":2,"downRate":1.5}}}""")]
    [InlineData("endpoints update endpt-0123456789ab --min 1 --window 60", "PATCH /v1/endpoints/endpt-0123456789ab", """{"scaling":{"min":1,"tuning":{"windowSeconds":60}}}""")]
    [InlineData("endpoints update endpt-0123456789ab --no-tuning", "PATCH /v1/endpoints/endpt-0123456789ab", """{"scaling":{"tuning":null}}""")]
    [InlineData("billing cap", "GET /v1/billing/cap", "")]
    [InlineData("billing cap 250.50", "PUT /v1/billing/cap", """{"monthlyUsd":250.50}""")]
    [InlineData("billing cap --none --account acct-1", "PUT /v1/billing/cap?account=acct-1", """{"monthlyUsd":null}""")]
    public async Task A_command_asks_for_what_it_says(string command, string route, string body)
    {
        Assert.Equal(0, (await RunAsync(command)).ExitCode);
        Assert.Equal((route, body), _asked);
    }

    [Theory]
    [InlineData("keys limit key-1"), InlineData("keys limit key-1 --none --rpm 60"), InlineData("keys limit key-1 --rpm many")]
    [InlineData("endpoints update endpt-0123456789ab"), InlineData("endpoints update endpt-0123456789ab --rpm 60 --no-limits")]
    [InlineData("endpoints update endpt-0123456789ab --utilisation 0.5 --no-tuning"), InlineData("endpoints create chat --utilisation half")]
    [InlineData("billing cap 2,50"), InlineData("billing cap -5"), InlineData("billing cap 250 --none"), InlineData("billing cap much")]
    public async Task A_command_that_makes_no_sense_asks_for_nothing(string command)
    {
        Assert.Equal(2, (await RunAsync(command)).ExitCode);
        Assert.Null(_asked.Route);
    }

    [Fact]
    public async Task Limits_caps_and_a_tuning_are_shown_in_words()
    {
        Assert.Contains("60 a minute", (await RunAsync("keys list")).Output);
        Assert.Contains("key-0123456789ab (laptop): 60 a minute", (await RunAsync("keys limit key-1 --rpm 60")).Output);
        var created = (await RunAsync("endpoints create chat")).Output;
        Assert.Contains("its own tuning: utilisation 0.5, window 60 s, down to 1/1.5 at once\n", created);
        Assert.Contains("at most 32 at once\n", created);
        Assert.Contains("at most 20 a minute, 2 at once of each client address", created);
        Assert.Equal(
            "At most 250.50 USD a month; 251.000001 USD spent in 2026-11.\nThe cap is reached: inference calls are refused until the month ends or the cap is raised.\n",
            (await RunAsync("billing cap")).Output);
        Assert.Equal(250.50m, (decimal)JsonNode.Parse((await RunAsync("billing cap --json")).Output)!["monthlyUsd"]!);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string command)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), .. command.Split(' '), "--url", _platform.Url.ToString(), "--key", "hvz_live_test"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await errors;
        return (process.ExitCode, await output);
    }
}
