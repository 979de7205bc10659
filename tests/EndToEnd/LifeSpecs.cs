using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Client;
using Hypervize.Processes;
using OpenAI;
using OpenAI.Chat;

namespace Hypervize.EndToEnd.Tests;

/// <summary>An endpoint's life as its users see it, with OpenAI's own client.</summary>
public sealed class LifeSpecs(Platform platform) : IClassFixture<Platform>
{
    [Fact]
    public async Task OpenAIs_client_chats_by_key_streaming_and_not()
    {
        var id = await platform.CreateAsync("by-key");
        await platform.UntilAsync(id, "up");
        await ChatBothWaysAsync(id, platform.OperatorKey);
    }

    [Fact]
    public async Task OpenAIs_client_chats_on_a_public_endpoint_without_a_good_key()
    {
        var id = await platform.CreateAsync("public", open: true);
        await platform.UntilAsync(id, "up");
        await ChatBothWaysAsync(id, "none");
    }

    [Fact]
    public async Task An_idle_endpoint_sleeps_and_says_why()
    {
        var id = await platform.CreateAsync("sleeper", idleSeconds: 2);
        await platform.UntilAsync(id, "hibernated");
        var slept = (await platform.EventsAsync(id)).Single(e => (string)e["type"]! == "endpoint_hibernated");
        Assert.Contains("idle", (string)slept["summary"]!);
    }

    [Fact]
    public async Task Who_is_told_of_an_endpoint_or_a_key_may_use_it_at_once()
    {
        using var http = new HttpClient { BaseAddress = new(platform.Url) };
        for (var i = 0; i < 10; i++)
        {
            var id = await platform.CreateAsync($"at-once-{i}");
            var key = (string)(await platform.Client.CallAsync(HttpMethod.Post, "v1/keys", CancellationToken.None, new JsonObject { ["name"] = "at once" }))!["key"]!;
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/d/{id}/v1/models") { Headers = { Authorization = new("Bearer", key) } };
            using var answer = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("x-hypervize-wrote"));
            await platform.Client.CallAsync(HttpMethod.Delete, $"v1/endpoints/{id}", CancellationToken.None);
        }
    }

    [Fact]
    public async Task Two_hundred_requests_at_once_cause_one_wake_and_two_hundred_good_answers()
    {
        var id = await platform.CreateAsync("crowd");
        await platform.UntilAsync(id, "up");
        await platform.DoAsync(id, "hibernate");
        await platform.UntilAsync(id, "hibernated");

        using var http = new HttpClient { BaseAddress = new(platform.Url), Timeout = TimeSpan.FromMinutes(3) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", platform.OperatorKey);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var answer = await http.PostAsJsonAsync($"/api/d/{id}/v1/chat/completions", new JsonObject
            {
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"{i}" }), ["max_tokens"] = 4,
            });
            return answer.StatusCode;
        }));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Single(await platform.EventsAsync(id), e => (string)e["type"]! == "endpoint_woken");
    }

    [Fact]
    public async Task A_model_that_can_not_start_fails_with_its_cause_and_costs_nothing()
    {
        var id = await platform.CreateAsync("broken", model: "simulator/tiny?fail-to-load");
        await platform.UntilAsync(id, "failed");
        var it = await platform.ShowAsync(id);
        Assert.Equal("start_exited", (string)it["failure"]!["code"]!);
        Assert.Contains("KV cache", (string)it["failure"]!["output"]!);
        var usage = await platform.Client.CallAsync(HttpMethod.Get, $"v1/billing/usage?endpoint={id}", CancellationToken.None);
        Assert.Equal(0m, usage!["total"]!.GetValue<decimal>());
    }

    [Fact]
    public async Task A_revoked_key_is_refused_within_a_second()
    {
        var id = await platform.CreateAsync("revoked");
        await platform.UntilAsync(id, "up");
        var key = (await platform.Client.CallAsync(HttpMethod.Post, "v1/keys", CancellationToken.None, new JsonObject { ["name"] = "short-lived" }))!;
        using var client = new PlatformClient(platform.Url, (string)key["key"]!);
        await Platform.EventuallyAsync(async () => (await client.ChatAsync(id, "Hello", 1, _ => { }, CancellationToken.None)).Tokens == 1, "the key to work");
        await platform.Client.CallAsync(HttpMethod.Delete, $"v1/keys/{key["id"]}", CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(1)); // The promise itself.
        await Assert.ThrowsAsync<RefusedException>(() => client.ChatAsync(id, "Hello", 1, _ => { }, CancellationToken.None));
    }

    [Fact]
    public async Task A_key_for_inference_changes_nothing()
    {
        var key = (await platform.Client.CallAsync(HttpMethod.Post, "v1/keys", CancellationToken.None, new JsonObject { ["name"] = "caller" }))!;
        using var client = new PlatformClient(platform.Url, (string)key["key"]!);
        await Platform.EventuallyAsync(async () =>
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => client.CallAsync(HttpMethod.Get, "v1/endpoints", CancellationToken.None));
            return refused.Message.Contains("scope_missing", StringComparison.Ordinal);
        }, "the key to be known and refused for its scope");
    }

    [Fact]
    public async Task The_bill_is_the_same_when_recomputed_from_events()
    {
        var id = await platform.CreateAsync("billed");
        await platform.UntilAsync(id, "up");
        await Platform.EventuallyAsync(async () =>
        {
            var report = (await platform.Client.CallAsync(HttpMethod.Post, "v1/billing/replay", CancellationToken.None))!;
            return report["billed"]!.GetValue<decimal>() > 0 && report["differences"]!.AsArray().Count == 0;
        }, "a bill that equals its replay");
    }

    [Fact]
    public async Task Failed_messages_are_listed_of_every_service_that_keeps_them()
    {
        string[] command = [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "errors", "list", "--url", platform.Url, "--key", platform.OperatorKey];
        var (exitCode, output) = await Executables.RunAsync("dotnet", command, CancellationToken.None);
        Assert.True(exitCode == 0, output);
    }

    private async Task ChatBothWaysAsync(string id, string key)
    {
        var client = new ChatClient("any-model", new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new($"{platform.Url}/api/d/{id}/v1") });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 5 };
        ChatCompletion whole = await client.CompleteChatAsync([new UserChatMessage("Hello")], options);
        Assert.Equal(5, whole.Usage.OutputTokenCount);

        var pieces = new List<string>();
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("Hello")], options))
            pieces.AddRange(update.ContentUpdate.Select(c => c.Text).Where(t => t.Length > 0));
        Assert.Equal(5, pieces.Count);
    }
}
