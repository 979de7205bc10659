using System.Net;
using System.Text.Json.Nodes;
using Hypervize.Cli.Running;

namespace Hypervize.EndToEnd.Tests;

/// <summary>What a service says of itself while a server is away.</summary>
public sealed class HealthSpecs(Platform platform) : IClassFixture<Platform>
{
    [Fact]
    public async Task Health_names_the_server_that_is_down_and_the_process_stays_alive()
    {
        var backing = platform.Installation.Backing;
        await backing.StopPostgresAsync();
        await IsAwayAsync("postgres", HttpStatusCode.ServiceUnavailable);
        await backing.StartPostgresAsync(_ => { }, CancellationToken.None);
        await IsReadyAsync();

        await backing.StopRabbitMqAsync();
        await IsAwayAsync("bus", HttpStatusCode.OK); // What it says waits in its log.
        await backing.StartRabbitMqAsync(_ => { }, CancellationToken.None);
        await IsReadyAsync();
    }

    private Task IsAwayAsync(string server, HttpStatusCode expected) => Platform.EventuallyAsync(async () =>
    {
        var (status, checks) = await HealthAsync("ready");
        var away = checks.Where(c => (string)c.Value!["status"]! != "up").Select(c => c.Key);
        return status == expected && away.SequenceEqual([server]) && (await HealthAsync("live")).Status == HttpStatusCode.OK;
    }, $"{server}, and nothing else, to be told as away");

    private Task IsReadyAsync() => Platform.EventuallyAsync(
        async () => await HealthAsync("ready") is (HttpStatusCode.OK, var checks) && checks.All(c => (string)c.Value!["status"]! == "up"), "the service to be ready again");

    private async Task<(HttpStatusCode Status, JsonObject Checks)> HealthAsync(string kind)
    {
        using var http = new HttpClient { BaseAddress = new(platform.Installation.Wiring.Url(ServiceTable.Endpoints)) };
        using var answer = await http.GetAsync($"/health/{kind}");
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["checks"]!.AsObject());
    }
}
