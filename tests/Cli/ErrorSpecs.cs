using Hypervize.Cli.Client;
using Hypervize.Cli.Endpoints;
using Hypervize.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Spectre.Console;

namespace Hypervize.Cli.Tests;

/// <summary><c>hypervize errors</c>, and how refusals are told. The tests play the platform; <c>LifeSpecs</c> asks a real one.</summary>
public sealed class ErrorSpecs : IAsyncLifetime
{
    private StandIn _platform = null!;

    public async Task InitializeAsync() => _platform = await new Identities().PlayAsync("platform", app =>
    {
        foreach (var service in (string[])["endpoints", "provisioner", "autoscaler", "billing"])
        {
            app.MapGet($"/v1/operations/{service}/errors", () => new { messages = service == "billing" ? (object[])[new { queue = "billing-facts", reason = "It broke." }] : [] }).AllowAnonymous();
            app.MapPost($"/v1/operations/{service}/errors/{{queue}}/replay", (string queue) => new { queue, replayed = 3 }).AllowAnonymous();
        }
        app.MapPost("/v1/keys", () => Results.Problem(
            statusCode: 422, detail: "Some fields are wrong; errors lists them all.",
            extensions: new Dictionary<string, object?> { ["code"] = "invalid_request", ["errors"] = new Dictionary<string, string[]> { ["name"] = ["is too long"], ["scope"] = ["must be inference"] } })).AllowAnonymous();
    });

    public Task DisposeAsync() => _platform.DisposeAsync().AsTask();

    [Fact]
    public async Task Only_services_with_error_queues_are_asked_for_theirs()
    {
        var (exitCode, output) = await RunAsync("errors list");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"billing-facts\s+It broke\.", output);
    }

    [Theory]
    [InlineData("billing-facts", 0, "3 messages are back in billing-facts.")]
    [InlineData("proxy-facts", 1, "There is no queue proxy-facts."), InlineData("dashboard-facts", 1, "There is no queue dashboard-facts.")]
    public async Task A_queue_is_replayed_where_there_can_be_one(string queue, int expected, string words)
    {
        var (exitCode, output) = await RunAsync($"errors replay {queue}");
        Assert.Equal(expected, exitCode);
        Assert.StartsWith(words, output);
    }

    [Fact]
    public async Task Wrong_fields_are_told_by_the_options_that_say_them() =>
        Assert.Equal((2, "Some fields are wrong:\n  name: is too long\n  --scope: must be inference\n"), await RunAsync("keys issue laptop"));

    [Theory]
    [InlineData("scaling.min", "must not be above scaling.max (2)", "  --min: must not be above --max (2)"), InlineData("scaling.idleSeconds", "must be 1 or more.", "  --idle: must be 1 or more.")]
    [InlineData("trustRemoteCode", "must be true", "  --trust-remote-code: must be true"), InlineData("limits.perAddress.requestsPerMinute", "is too large", "  --address-rpm: is too large")]
    [InlineData("sampling.topP", "is no field here; nearest is scaling.max. See docs.example.org", "  sampling.topP: is no field here; nearest is --max. See docs.example.org"), InlineData("name", "is too long", "  name: is too long")]
    public void What_has_an_option_is_called_by_it_wherever_it_is_named(string field, string wrong, string told)
    {
        var refusal = PlatformApi.Refusal(422, $$"""{"code":"invalid_request","detail":"Some fields are wrong.","errors":{"{{field}}":["{{wrong}}"] } }""");
        var create = EndpointCommands.Create(AnsiConsole.Console).Subcommands.Single(c => c.Name == "create");
        Assert.Equal($"Some fields are wrong:\n{told}", refusal.InWordsOf(create).Message);
    }

    private Task<(int ExitCode, string Output)> RunAsync(string command) => Executables.RunAsync(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), .. command.Split(' '), "--url", _platform.Url.ToString(), "--key", "hvz_live_test"], CancellationToken.None);
}
