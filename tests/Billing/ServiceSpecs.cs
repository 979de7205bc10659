using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Billing.Tests;

/// <summary>Billing as it is run: facts come over the bus, usage and replay go out over HTTP.</summary>
[Collection(OneInstallation.Name)]
public sealed class ServiceSpecs(Installation installation)
{
    private const decimal Price = 1.006m;
    private static readonly DateTimeOffset Noon = new(2026, 11, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly AddOn Telemetry = new("telemetry", 0.15m);

    [Fact]
    public async Task An_hour_of_a_node_with_an_add_on_costs_what_its_events_say()
    {
        var it = State();
        await installation.PublishAsync(installation.Record(it, Ready("node-a", Noon)));
        await installation.PublishAsync(installation.Record(it, new NodeStopped("node-a", Noon.AddHours(1))));
        await installation.BilledAsync(it.AccountId, Price + Telemetry.PricePerHour);

        var usage = await installation.UsageAsync(it.AccountId, "&lines=true");
        Assert.Equal((it.Id, 3600L), ((string)usage["endpoints"]![0]!["endpointId"]!, (long)usage["endpoints"]![0]!["nodeSeconds"]!));
        Assert.Equal("2026-11-10", (string)usage["endpoints"]![0]!["days"]![0]!["day"]!);
        Assert.Equal(["node", "add_on"], usage["lines"]!.AsArray().Select(line => (string)line!["kind"]!));
        Assert.All(usage["lines"]!.AsArray(), line => Assert.NotNull(line!["openedBy"]));
        Assert.Equal(0m, (decimal)usage["burnPerHour"]!);
    }

    [Fact]
    public async Task A_fact_delivered_twice_counts_once_and_a_lost_one_is_fetched_from_its_owner()
    {
        var it = State();
        var ready = installation.Record(it, Ready("node-a", Noon));
        await installation.PublishAsync(ready);
        await installation.PublishAsync(ready);
        installation.Record(it, new NodeStopped("node-a", Noon.AddHours(1)));
        for (var hour = 2; hour < 8; hour++) installation.Record(it, Ready($"node-{hour}", Noon.AddHours(hour)));
        for (var hour = 2; hour < 7; hour++) installation.Record(it, new NodeStopped($"node-{hour}", Noon.AddHours(hour + 1)));
        await installation.PublishAsync(installation.Record(it, new NodeStopped("node-7", Noon.AddHours(8))));
        await installation.BilledAsync(it.AccountId, 7 * (Price + Telemetry.PricePerHour));
    }

    [Fact]
    public async Task Killed_in_the_middle_and_started_again_it_bills_every_fact_once()
    {
        var states = Enumerable.Range(0, 4).Select(_ => State()).ToList();
        var publishing = Task.WhenAll(states.Select(async it =>
        {
            for (var n = 0; n < 25; n++)
            {
                await installation.PublishAsync(installation.Record(it, Ready($"{it.Id}-{n}", Noon.AddMinutes(n))));
                await installation.PublishAsync(installation.Record(it, new NodeStopped($"{it.Id}-{n}", Noon.AddMinutes(n + 1))));
            }
        }));
        await installation.KillAsync();
        await installation.StartAsync();
        await publishing;
        // 25 minutes, each line rounded to a millionth; the add-on runs on through all of them.
        var expected = 25 * Math.Round(Price / 60, 6) + Math.Round(25 * Telemetry.PricePerHour / 60, 6);
        foreach (var it in states) await installation.BilledAsync(it.AccountId, expected);
    }

    [Fact]
    public async Task A_replay_agrees_with_the_bill_and_names_what_was_tampered_with()
    {
        var it = State();
        await installation.PublishAsync(installation.Record(it, Ready("node-a", Noon)));
        await installation.PublishAsync(installation.Record(it, new NodeStopped("node-a", Noon.AddHours(1))));
        await installation.BilledAsync(it.AccountId, Price + Telemetry.PricePerHour);

        var honest = await ReplayAsync(it.AccountId);
        Assert.Equal((decimal)honest["billed"]!, (decimal)honest["replayed"]!);
        Assert.Empty(honest["differences"]!.AsArray());

        await installation.Database.ExecuteAsync(
            $$"""update billing.mt_doc_meter set data = jsonb_set(data, '{pricePerHour}', '0.5') where data ->> 'accountId' = '{{it.AccountId}}'""");
        var tampered = await ReplayAsync(it.AccountId);
        Assert.Equal((0.65m, 1.156m), ((decimal)tampered["billed"]!, (decimal)tampered["replayed"]!));
        Assert.Contains(tampered["differences"]!.AsArray(), d => ((string)d!).StartsWith("only billed: node-a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_runs_burns_by_the_hour()
    {
        var it = State();
        await installation.PublishAsync(installation.Record(it, Ready("node-a", Noon)));
        await installation.PublishAsync(installation.Record(it, Ready("node-b", Noon)));
        using var client = installation.As(it.AccountId);
        await Eventually.TrueAsync(
            async () => (decimal)(await client.GetFromJsonAsync<JsonObject>("/v1/billing/burn"))!["perHour"]! == 2 * Price + Telemetry.PricePerHour, "both nodes to burn");
    }

    [Theory]
    [InlineData("usage?from=yesterday", 422, "invalid_period")]
    [InlineData("usage?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", 422, "invalid_period")]
    [InlineData("usage?from=2020-01-01T00:00:00Z&to=2026-11-01T00:00:00Z", 422, "invalid_period")]
    [InlineData("usage?account=acct-somebodyelse", 404, "account_not_found")]
    public async Task A_wrong_question_is_answered_with_what_is_wrong(string path, int status, string code)
    {
        using var client = installation.As("acct-0123456789ab");
        await RefusedAsync(await client.GetAsync($"/v1/billing/{path}"), (HttpStatusCode)status, code);
    }

    [Fact]
    public async Task A_key_for_inference_sees_no_bill()
    {
        using var client = installation.As("acct-0123456789ab", KeyScope.Inference);
        await RefusedAsync(await client.GetAsync("/v1/billing/usage"), HttpStatusCode.Forbidden, "scope_missing");
    }

    private async Task<JsonObject> ReplayAsync(string account)
    {
        using var client = installation.As(account);
        using var answer = await client.PostAsync("/v1/billing/replay?from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z", null);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        using (answer)
        {
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(code, (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
        }
    }

    // An account and an endpoint that no other test has.
    private static EndpointState State()
    {
        var settings = new EndpointSettings("chat", "simulator/tiny", "g5.xlarge", "simulator", new Scaling(0, 1, 60, 16), 60, EndpointAccess.Private, true);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        return new($"endpt-{id}", $"acct-{id}", settings, EndpointStatus.Up, Noon, 1, 1, [], null, null, [], Noon, settings);
    }

    private static NodeReady Ready(string node, DateTimeOffset at) => new(node, "http://127.0.0.1:20000", "g5.xlarge", Price, [Telemetry], at, null, at);
}
