using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Hypervize.EndToEnd.Tests;

/// <summary>Limits on requests and caps on spending, set by the API and held by the front door.</summary>
public sealed class LimitsSpecs(Platform platform) : IClassFixture<Platform>, IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new(platform.Url), Timeout = TimeSpan.FromMinutes(2) };

    [Fact]
    public async Task An_endpoint_that_was_called_as_often_as_it_may_be_in_a_minute_says_when_to_try_again()
    {
        var id = await UpAsync("per-minute");
        await LimitAsync(id, new() { ["requestsPerMinute"] = 3 });
        var answers = await ChatAsync(id, platform.OperatorKey, times: 4);
        Assert.Equal([200, 200, 200, 429], answers.Select(a => a.Status));
        Assert.Equal(["2", "1", "0", "0"], answers.Select(a => a.Header("x-ratelimit-remaining-requests")));
        Assert.All(answers, a => Assert.Equal("3", a.Header("x-ratelimit-limit-requests")));
        Assert.All(answers, a => Assert.Matches("^[1-9][0-9]?s$", a.Header("x-ratelimit-reset-requests")));
        Assert.InRange(int.Parse(answers[3].Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
        answers[3].IsError("rate_limit_error", "rate_limit_exceeded", "This endpoint may make 3 requests per minute");
    }

    [Fact]
    public async Task An_endpoint_with_as_many_requests_under_way_as_it_may_have_serves_the_next_when_one_has_ended()
    {
        var id = await UpAsync("at-once", "simulator/tiny?tps=10");
        await LimitAsync(id, new() { ["requestsPerMinute"] = 1000, ["concurrent"] = 1 });
        using (var request = Chat(id, platform.OperatorKey, maxTokens: 5000))
        using (var underWay = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            underWay.EnsureSuccessStatusCode();
            var refused = await ChatAsync(id);
            Assert.Equal((429, "1", "1000", "999"), (refused.Status, refused.Header("Retry-After"), refused.Header("x-ratelimit-limit-requests"), refused.Header("x-ratelimit-remaining-requests")));
            refused.IsError("rate_limit_error", "concurrency_limit_exceeded", "This endpoint may have 1 request under way at once");
        }
        await Platform.EventuallyAsync(async () => (await ChatAsync(id)).Status == 200, "the request that its client left to have ended");
    }

    [Fact]
    public async Task A_limit_that_is_taken_away_holds_no_longer()
    {
        var id = await UpAsync("unlimited");
        await LimitAsync(id, new() { ["requestsPerMinute"] = 1 });
        Assert.Equal([200, 429], (await ChatAsync(id, platform.OperatorKey, times: 2)).Select(a => a.Status));
        await LimitAsync(id, null);
        var served = await ChatAsync(id);
        Assert.Equal((200, null), (served.Status, served.Header("x-ratelimit-limit-requests")));
    }

    [Fact]
    public async Task A_key_that_made_as_many_requests_as_it_may_is_refused_at_every_endpoint_and_others_are_not()
    {
        var (one, another) = (await UpAsync("one"), await UpAsync("another"));
        var key = await KeyAsync(new() { ["requestsPerMinute"] = 1 });
        Assert.Equal(200, (await ChatAsync(one, (string)key["key"]!)).Status);

        var refused = await ChatAsync(another, (string)key["key"]!);
        Assert.Equal((429, "1", "0"), (refused.Status, refused.Header("x-ratelimit-limit-requests"), refused.Header("x-ratelimit-remaining-requests")));
        Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
        refused.IsError("rate_limit_error", "rate_limit_exceeded", "This key may make 1 request per minute");
        Assert.Equal(200, (await ChatAsync(another)).Status);
    }

    [Fact]
    public async Task A_key_whose_limit_is_raised_is_served_again()
    {
        var id = await UpAsync("raised");
        var key = await KeyAsync(new() { ["requestsPerMinute"] = 1 });
        Assert.Equal([200, 429], (await ChatAsync(id, (string)key["key"]!, times: 2)).Select(a => a.Status));
        await platform.Client.CallAsync(HttpMethod.Patch, $"v1/keys/{key["id"]}", CancellationToken.None, new JsonObject { ["limits"] = new JsonObject { ["requestsPerMinute"] = 3 } });
        var served = await ChatAsync(id, (string)key["key"]!);
        Assert.Equal((200, "3", "1"), (served.Status, served.Header("x-ratelimit-limit-requests"), served.Header("x-ratelimit-remaining-requests")));
    }

    [Fact]
    public async Task An_account_that_used_up_its_months_cap_is_refused_until_the_cap_is_raised()
    {
        using var account = await SpendingAccount.OpenAsync(platform);
        // So far above what is spent that it can't be reached before it is set: billing is to find out by itself.
        Assert.False(await account.CapAsync(Math.Round(await account.SpentAsync(), 2) + 0.20m));
        Answer? refused = null;
        await Platform.EventuallyAsync(async () => (refused = await ChatAsync(account.EndpointId, account.Key)).Status != 200, "the cap to be used up");

        Assert.Equal((402, null), (refused!.Status, refused.Header("Retry-After")));
        refused.IsError("insufficient_quota", "spend_cap_reached", "The monthly spend cap of this endpoint's account");
        Assert.False(await account.CapAsync(1_000));
        Assert.Equal(200, (await ChatAsync(account.EndpointId, account.Key)).Status);
    }

    [Fact]
    public async Task A_cap_below_what_is_spent_refuses_at_once_and_once_it_is_removed_calls_are_served_again()
    {
        using var account = await SpendingAccount.OpenAsync(platform);
        await account.UntilSpentAsync(0.01m);
        Assert.True(await account.CapAsync(0.01m));
        var refused = await ChatAsync(account.EndpointId, account.Key);
        Assert.Equal((402, "spend_cap_reached"), (refused.Status, refused.Code));
        Assert.False(await account.CapAsync(null));
        Assert.Equal(200, (await ChatAsync(account.EndpointId, account.Key)).Status);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> UpAsync(string name, string model = "simulator/tiny")
    {
        var id = await platform.CreateAsync(name, model);
        await platform.UntilAsync(id, "up");
        return id;
    }

    private Task<JsonNode?> LimitAsync(string id, JsonObject? limits) =>
        platform.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{id}", CancellationToken.None, new JsonObject { ["limits"] = limits });

    private async Task<JsonNode> KeyAsync(JsonObject limits) =>
        (await platform.Client.CallAsync(HttpMethod.Post, "v1/keys", CancellationToken.None, new JsonObject { ["name"] = "limited", ["limits"] = limits }))!;

    private async Task<IReadOnlyList<Answer>> ChatAsync(string id, string key, int times)
    {
        var answers = new List<Answer>();
        while (answers.Count < times) answers.Add(await ChatAsync(id, key));
        return answers;
    }

    private async Task<Answer> ChatAsync(string id, string? key = null)
    {
        using var request = Chat(id, key ?? platform.OperatorKey, maxTokens: 1);
        using var answer = await _http.SendAsync(request);
        return new((int)answer.StatusCode, answer.Headers.ToDictionary(h => h.Key, h => h.Value.Single(), StringComparer.OrdinalIgnoreCase), JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    private static HttpRequestMessage Chat(string id, string key, int maxTokens) => new(HttpMethod.Post, $"/api/d/{id}/v1/chat/completions")
    {
        Headers = { Authorization = new("Bearer", key) },
        Content = JsonContent.Create(new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello" }), ["max_tokens"] = maxTokens, ["stream"] = maxTokens > 1,
        }),
    };

    private sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, JsonNode Body)
    {
        public string? Code => (string?)Body["error"]?["code"];

        public string? Header(string name) => Headers.GetValueOrDefault(name);

        // OpenAI's shape, whole: clients read all four.
        public void IsError(string type, string code, string message)
        {
            Assert.Equal(["error"], Body.AsObject().Select(m => m.Key));
            Assert.Equal(["code", "message", "param", "type"], Body["error"]!.AsObject().Select(m => m.Key).Order(StringComparer.Ordinal));
            Assert.Equal((type, code, null), ((string?)Body["error"]!["type"], Code, Body["error"]!["param"]));
            Assert.StartsWith(message, (string?)Body["error"]!["message"], StringComparison.Ordinal);
        }
    }
}
