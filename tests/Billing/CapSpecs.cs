using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Billing.Tests;

/// <summary>Caps as owners set them, and as proxies learn of them.</summary>
[Collection(OneInstallation.Name)]
public sealed class CapSpecs(Installation installation)
{
    private readonly string _account = $"acct-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    [Fact]
    public async Task A_cap_is_shown_with_what_was_spent_and_taken_away_again()
    {
        var none = await GetAsync();
        Assert.Equal((_account, "USD", null, 0m, false), (none["accountId"]!.ToString(), none["currency"]!.ToString(), none["monthlyUsd"], (decimal)none["spent"]!, (bool)none["reached"]!));
        Assert.Matches("^[0-9]{4}-[0-9]{2}$", (string)none["month"]!);

        Assert.Equal(250.50m, (decimal)(await PutAsync("""{"monthlyUsd":250.50}"""))["monthlyUsd"]!);
        Assert.Equal(250.50m, (decimal)(await GetAsync())["monthlyUsd"]!);
        Assert.Null((await PutAsync("""{"monthlyUsd":null}"""))["monthlyUsd"]);
        await PutAsync("""{"monthlyUsd":null}""");
        await HeardAsync(2);
        Assert.Equal(250.50m, Assert.IsType<SpendCapSet>(Heard()[0].Fact).MonthlyUsd);
        Assert.Null(Assert.IsType<SpendCapSet>(Heard()[1].Fact).MonthlyUsd);
    }

    [Fact]
    public async Task A_cap_that_spending_comes_to_is_announced_and_lifted_when_it_is_raised()
    {
        await PutAsync("""{"monthlyUsd":100000}""");
        await SpendAsync(usdPerSecond: 50_000);
        await HeardAsync(2);
        var reached = Assert.IsType<SpendCapReached>(Heard()[1].Fact);
        Assert.Equal((100_000m, (string)(await GetAsync())["month"]!, new(reached.Month, 100_000, reached.SpentUsd)), (reached.CapUsd, reached.Month, Heard()[1].State.Reached));
        Assert.InRange(reached.SpentUsd, 100_000, 10_000_000);
        Assert.True((bool)(await GetAsync())["reached"]!);

        Assert.False((bool)(await PutAsync("""{"monthlyUsd":1000000000}"""))["reached"]!);
        await HeardAsync(4);
        Assert.Equal([1L, 2, 3, 4], Heard().Select(m => m.Version));
        Assert.Equal([typeof(SpendCapSet), typeof(SpendCapReached), typeof(SpendCapSet), typeof(SpendCapLifted)], Heard().Select(m => m.Fact.GetType()));
        Assert.Equal(new SpendState(_account, 1_000_000_000, null), Heard()[3].State);
        Assert.Equal(Heard().Select(m => m.Position).Order(), Heard().Select(m => m.Position));
    }

    [Fact]
    public async Task A_cap_below_what_is_spent_is_reached_by_the_answer_that_sets_it()
    {
        await SpendAsync(usdPerSecond: 1_000);
        var usage = await CurrentUsageAsync();
        var set = await PutAsync("""{"monthlyUsd":0.01}""");
        Assert.True((bool)set["reached"]!);
        Assert.InRange((decimal)set["spent"]!, usage, await CurrentUsageAsync());
    }

    [Fact]
    public async Task A_snapshot_holds_what_was_announced_and_says_when_there_is_nothing_new()
    {
        await PutAsync("""{"monthlyUsd":7}""");
        await HeardAsync(1);
        using var proxy = installation.AsService();
        var snapshot = (await proxy.GetFromJsonAsync<SpendSnapshot>("/internal/spending", Json.Options))!;
        Assert.Equal(new(1, new(_account, 7, null)), snapshot.Accounts.Single(a => a.State.AccountId == _account));
        Assert.True(snapshot.Position >= Heard()[0].Position);
        Assert.Equal(HttpStatusCode.NoContent, (await proxy.GetAsync($"/internal/spending?knownPosition={snapshot.Position}")).StatusCode);

        await PutAsync("""{"monthlyUsd":8}""");
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync($"/internal/spending?knownPosition={snapshot.Position}")).StatusCode);
        using var @operator = installation.As(_account, KeyScope.Operator);
        Assert.Equal(HttpStatusCode.Forbidden, (await @operator.GetAsync("/internal/spending")).StatusCode);
    }

    [Theory]
    [InlineData("""{"monthlyUsd":0}""", "monthlyUsd"), InlineData("""{"monthlyUsd":-5}""", "monthlyUsd"), InlineData("""{"monthlyUsd":0.001}""", "monthlyUsd")]
    [InlineData("""{"monthlyUsd":250.505}""", "monthlyUsd"), InlineData("""{"monthlyUsd":1000000000.01}""", "monthlyUsd"), InlineData("""{"monthlyUsd":"250"}""", "monthlyUsd")]
    [InlineData("""{"monthlyUsd":1e400}""", "monthlyUsd"), InlineData("{}", "monthlyUsd"), InlineData("""{"monthlyUsd":1,"currency":"EUR"}""", "currency")]
    public async Task A_wrong_cap_is_named_by_its_path(string body, string path)
    {
        using var owner = installation.As(_account, KeyScope.Global);
        var problem = await RefusedAsync(owner.PutAsync("/v1/billing/cap", Text(body)), HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal([path], problem["errors"]!.AsObject().Select(e => e.Key));
        Assert.Null((await GetAsync())["monthlyUsd"]);
    }

    [Fact]
    public async Task Who_manages_reads_a_cap_and_only_who_may_everything_sets_it()
    {
        using var manager = installation.As(_account);
        await RefusedAsync(manager.PutAsync("/v1/billing/cap", Text("""{"monthlyUsd":1}""")), HttpStatusCode.Forbidden, "scope_missing");
        using var caller = installation.As(_account, KeyScope.Inference);
        await RefusedAsync(caller.GetAsync("/v1/billing/cap"), HttpStatusCode.Forbidden, "scope_missing");
        using var stranger = installation.As("acct-ffffffffffff", KeyScope.Global);
        await RefusedAsync(stranger.PutAsync($"/v1/billing/cap?account={_account}", Text("""{"monthlyUsd":1}""")), HttpStatusCode.NotFound, "account_not_found");
        using var @operator = installation.As("acct-ffffffffffff", KeyScope.Operator);
        (await @operator.PutAsync($"/v1/billing/cap?account={_account}", Text("""{"monthlyUsd":3}"""))).EnsureSuccessStatusCode();
        Assert.Equal(3m, (decimal)(await GetAsync())["monthlyUsd"]!);
    }

    private async Task<JsonObject> GetAsync()
    {
        using var manager = installation.As(_account);
        return (await manager.GetFromJsonAsync<JsonObject>("/v1/billing/cap"))!;
    }

    private async Task<JsonObject> PutAsync(string body)
    {
        using var owner = installation.As(_account, KeyScope.Global);
        using var answer = await owner.PutAsync("/v1/billing/cap", Text(body));
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
    }

    private async Task<decimal> CurrentUsageAsync()
    {
        using var manager = installation.As(_account);
        return (decimal)(await manager.GetFromJsonAsync<JsonObject>("/v1/billing/usage"))!["total"]!;
    }

    // A node that is dear enough for a test's patience; waits until it has cost something.
    private async Task SpendAsync(decimal usdPerSecond)
    {
        var (now, id) = (DateTimeOffset.UtcNow, $"endpt-{_account["acct-".Length..]}");
        var settings = new EndpointSettings("chat", "simulator/tiny", "g5.xlarge", "simulator", new Scaling(0, 1, 60, 16), 60, EndpointAccess.Private, false);
        var it = new EndpointState(id, _account, settings, EndpointStatus.Up, now, 1, 1, [], null, null, [], now, settings);
        await installation.PublishAsync(installation.Record(it, new NodeReady("node-a", "http://127.0.0.1:20000", "g5.xlarge", 3600 * usdPerSecond, [], now, null, now)));
        await Eventually.TrueAsync(async () => await CurrentUsageAsync() > 0, "the node to cost something");
    }

    private IReadOnlyList<SpendChanged> Heard() => [.. installation.Heard.Where(m => m.AccountId == _account)];

    private Task HeardAsync(int count) => Eventually.TrueAsync(() => Heard().Count == count, $"{count} facts about {_account}");

    private static StringContent Text(string body) => new(body, System.Text.Encoding.UTF8, "application/json");

    private static async Task<JsonObject> RefusedAsync(Task<HttpResponseMessage> asked, HttpStatusCode status, string code)
    {
        using var answer = await asked;
        var problem = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((status, code), (answer.StatusCode, (string?)problem["code"]));
        return problem;
    }
}
