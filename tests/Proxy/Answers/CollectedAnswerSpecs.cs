using System.Text;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Answers;

/// <summary>Answers that must be whole before any of them is passed on: those whose name comes late, and those that can only be an event.</summary>
public sealed class CollectedAnswerSpecs
{
    private const string Stream = """{"stream":true}""";
    private static readonly string Large = new('A', 200_000);

    [Theory]
    [InlineData(400)]
    [InlineData(500)]
    public async Task The_status_of_an_answer_that_became_an_event_is_the_nodes(int status)
    {
        var (events, host) = await AfterSignsOfLifeAsync(status, "application/json", [$"{{\"error\":\r\n{{\"message\":\"zu lang: gr\u00f6\u00dfer \u65e5\u672c\u8a9e {Large}\"}}}}\n"]);
        Assert.Equal($"data: {{\"error\":  {{\"message\":\"zu lang: gr\u00f6\u00dfer \u65e5\u672c\u8a9e {Large}\"}}}} \n\n", events);
        Assert.Equal(status, Assert.Single(await host.StatusesAsync(1)));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_that_became_an_event_is_renamed_and_counted_like_any()
    {
        var (events, host) = await AfterSignsOfLifeAsync(200, "application/json", ["{\"model\":\"secret\",\"text\":\"\u2028\",", "\n\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":50}}"]);
        Assert.Equal("data: {\"model\":\"model\",\"text\":\"\u2028\", \"usage\":{\"prompt_tokens\":30,\"completion_tokens\":50}}\n\n", events);
        var usage = (await host.UsageAsync(1)).Single(u => u.Statuses.Count > 0);
        Assert.Equal((200, 30, 50), (usage.Statuses.Keys.Single(), usage.PromptTokens, usage.CompletionTokens));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Characters_that_come_in_halves_are_whole_in_an_event()
    {
        var bytes = Encoding.UTF8.GetBytes("\u00e9\u65e5\ud83d\ude00");
        var (events, host) = await AfterSignsOfLifeAsync(400, "text/plain", [.. bytes.Select(b => Encoding.Latin1.GetString([b]))], Encoding.Latin1);
        Assert.Equal("data: \u00e9\u65e5\ud83d\ude00\n\n", events);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_that_is_too_large_for_an_event_is_broken_not_cut()
    {
        var (events, host) = await AfterSignsOfLifeAsync(200, "application/json", [.. Enumerable.Repeat(new string('A', 1024 * 1024), 33)]);
        Assert.StartsWith("data: {\"error\":", events);
        Assert.Contains("upstream_broken", events);
        Assert.Equal(502, Assert.Single(await host.StatusesAsync(1)));
        await host.DisposeAsync();
    }

    /// <summary>Large answers share room; those that find none pass as they come, and give back what they took.</summary>
    [Theory]
    [InlineData(200_000, 100_000, "node's", 3)]
    [InlineData(60_000, 100_000, "model", 0)]
    [InlineData(200_000, 300_000, "model", 7)]
    [InlineData(33 * 1024 * 1024, 100_000_000, "node's", 0)]
    public async Task An_answer_that_names_its_model_last_is_renamed_as_long_as_there_is_room(int size, long room, string named, int times)
    {
        string Answer(string model) => $"{{\"data\":\"{new string('A', size)}\",\"model\":\"{model}\",\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":4}}}}";
        var answer = Answer("node's");
        await using var node = ScriptedNode.Answering($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
        await using var host = await InferenceHost.InFrontOfAsync(node, mostCollected: room);
        for (var i = 0; i <= times; i++) Assert.Equal((200, Answer(named)), (await host.SendAsync(InferenceHost.Request())) switch { var (status, body, _) => (status, body) });
        Assert.Equal((3 * (times + 1), 4 * (times + 1)), (await host.UsageAsync(times + 1)) switch { var u => (u.Sum(k => k.PromptTokens), u.Sum(k => k.CompletionTokens)) });
    }

    [Fact]
    public async Task An_answer_takes_its_room_until_its_client_has_read_it()
    {
        var size = 20_000_000;
        await using var node = ScriptedNode.Start(exchange =>
        {
            var answer = $"{{\"data\":\"{new string('A', size)}\",\"model\":\"node's\"}}";
            return exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
        });
        await using var host = await InferenceHost.InFrontOfAsync(node, mostCollected: size + 500_000);
        using var slow = await RawClient.SendAsync(host, "{}", receiveBuffer: 4096);
        await slow.UntilAsync("AAAA");
        size = 1_000_000;
        Assert.EndsWith("\"node's\"}", (await host.SendAsync(InferenceHost.Request())).Body);
        slow.Leave();
        await host.StatusesAsync(2);
        Assert.EndsWith("\"model\"}", (await host.SendAsync(InferenceHost.Request())).Body);
    }

    // What the client got of a node that kept it waiting until the response had begun, without the signs of life.
    private static async Task<(string Events, InferenceHost Host)> AfterSignsOfLifeAsync(int status, string type, string[] pieces, Encoding? encoding = null)
    {
        var begun = new TaskCompletionSource();
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await begun.Task;
            await exchange.WriteAsync($"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var bytes in pieces.Select(p => (encoding ?? Encoding.UTF8).GetBytes(p)))
            {
                await exchange.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8]);
                if (pieces.Length < 20) await Task.Delay(10);
            }
            await exchange.WriteAsync("0\r\n\r\n");
        });
        var host = await InferenceHost.InFrontOfAsync(node, heartbeatSeconds: 0.05);
        using var response = await host.Client.SendAsync(InferenceHost.Request(Stream), HttpCompletionOption.ResponseHeadersRead);
        begun.SetResult();
        return ((await response.Content.ReadAsStringAsync()).Replace(": working\n\n", "", StringComparison.Ordinal).Replace(": waking\n\n", "", StringComparison.Ordinal), host);
    }
}
