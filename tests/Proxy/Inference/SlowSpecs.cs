using System.Text;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>Clients and nodes that are slow, or never go on.</summary>
public sealed class SlowSpecs
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Slow_readers_get_all_of_it()
    {
        var answer = $"{{\"model\":\"model\",\"data\":\"{new string('A', Megabyte)}\"}}";
        await using var node = ScriptedNode.Answering($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
        await using var host = await InferenceHost.InFrontOfAsync(node);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            using var client = await RawClient.SendAsync(host, "{}", receiveBuffer: 4096);
            var read = new StringBuilder();
            // 10 KB at a time, with pauses; a real second for each would only take longer.
            while (!read.ToString(Math.Max(0, read.Length - 3), Math.Min(3, read.Length)).EndsWith("A\"}", StringComparison.Ordinal))
            {
                Assert.True(await client.ReadAsync(10 * 1024) > 0);
                read.Append(client.Take());
                await Task.Delay(10);
            }
            Assert.EndsWith(answer, read.ToString());
        }));
    }

    [Fact]
    public async Task What_a_client_does_not_read_stays_at_the_node()
    {
        var sent = 0L;
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(ScriptedNode.Events);
            var chunk = Encoding.ASCII.GetBytes(ScriptedNode.Chunk($"data: {new string('A', 64 * 1024)}\n\n"));
            for (; sent < 100 * Megabyte; sent += chunk.Length) await exchange.WriteAsync(chunk);
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        using var client = await RawClient.SendAsync(host, """{"stream":true}""", receiveBuffer: 4096);
        await client.UntilAsync("data: A");
        for (var before = -1L; before != Interlocked.Read(ref sent);)
        {
            before = Interlocked.Read(ref sent);
            await Task.Delay(300);
        }
        // What the kernel holds of two connections, and little of ours.
        Assert.InRange(Interlocked.Read(ref sent), 0, 30 * Megabyte);
    }

    [Fact]
    public async Task A_body_that_never_comes_ends_in_OpenAIs_words_and_counts_for_nothing()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.InFrontOfAsync(node);
        using var client = await RawClient.ConnectAsync(host);
        await client.WriteAsync($"{RawClient.Head(100)}{{\"model\"");
        await client.UntilAsync("body_too_slow"); // After the server's five seconds of grace.
        Assert.StartsWith("HTTP/1.1 408 ", client.Seen);
        Assert.Contains("{\"error\":{\"message\":", client.Seen);
        EndpointTraffic? traffic = null; // It is noted once it has been answered.
        await InferenceHost.EventuallyAsync(() => (traffic = host.Meter.Take(host.Table).SingleOrDefault()) is not null);
        Assert.Equal((0, 0, 0, 408), (traffic!.Started, traffic.Completed, traffic.Failed, Assert.Single(traffic.Usage!.Single().Statuses).Key));
        Assert.Equal(0, node.Connections);
    }

    [Fact]
    public async Task A_silent_stream_shows_signs_of_life_and_never_inside_an_event()
    {
        var (beats, steps) = (new SemaphoreSlim(0), 0);
        string[] pieces = ["", "data: {\"a\"", ":1}\n\n", "data: 2\n", "\n", ": ping\n\ndata", ": [DONE]\n\n"];
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await beats.WaitAsync();
            await exchange.WriteAsync(ScriptedNode.Events);
            foreach (var piece in pieces.Where(p => p.Length > 0))
            {
                await exchange.WriteAsync(ScriptedNode.Chunk(piece));
                steps++;
                await beats.WaitAsync();
            }
            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var host = await InferenceHost.InFrontOfAsync(node, heartbeatSeconds: 0.05);
        using var response = await host.Client.SendAsync(InferenceHost.Request("""{"stream":true}"""), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var lines = new List<string>();
        for (var silences = 0; await reader.ReadLineAsync() is { } line; lines.Add(line))
            if (line == ": working" && silences++ < pieces.Length) beats.Release(); // It went on only when a sign was seen.

        Assert.True(lines.Count(l => l == ": working") >= pieces.Length);
        Assert.All(lines.Index().Where(l => l.Item == ": working"), l => Assert.True(l.Index == 0 || lines[l.Index - 1].Length == 0, "A sign of life stands inside an event."));
        Assert.Equal(["data: {\"a\":1}", "", "data: 2", "", ": ping", "", "data: [DONE]", ""], WithoutSigns(lines));
    }

    [Fact]
    public async Task What_a_node_says_that_can_not_be_passed_on_yet_is_silence()
    {
        using var heard = new SemaphoreSlim(0);
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(ScriptedNode.Events);
            while (!await heard.WaitAsync(10)) await exchange.WriteAsync(ScriptedNode.Chunk(": ping\n"));
            await exchange.WriteAsync($"{ScriptedNode.Chunk("\ndata: [DONE]\n\n")}0\r\n\r\n");
        });
        await using var host = await InferenceHost.InFrontOfAsync(node, heartbeatSeconds: 0.2);
        using var client = await RawClient.SendAsync(host, """{"stream":true}""");
        await client.UntilAsync(": working");
        heard.Release();
        Assert.Contains("data: [DONE]", await client.ToEndAsync());
    }

    [Fact]
    public async Task A_comment_of_a_node_is_no_token()
    {
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync($"{ScriptedNode.Events}{ScriptedNode.Chunk(": ping\n\n")}");
            await Task.Delay(300);
            await exchange.WriteAsync($"{ScriptedNode.Chunk("data: 1\n\n")}0\r\n\r\n");
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal(": ping\n\ndata: 1\n\n", (await host.SendAsync(InferenceHost.Request("""{"stream":true}"""))).Body);
        var usage = Assert.Single(await host.UsageAsync(1));
        Assert.Equal((1, 0), (usage.FirstToken.Count, usage.BetweenTokens.Count));
        Assert.True(usage.FirstToken.SumMs >= 280, $"{usage.FirstToken.SumMs} ms");
    }

    [Fact]
    public async Task A_stream_that_talks_shows_no_signs_of_life()
    {
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(ScriptedNode.Events);
            for (var i = 0; i < 100; i++)
            {
                await exchange.WriteAsync(ScriptedNode.Chunk($"data: {i}\n\n"));
                await Task.Delay(10);
            }
            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var host = await InferenceHost.InFrontOfAsync(node, heartbeatSeconds: 0.6);
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(i => $"data: {i}\n\n")), (await host.SendAsync(InferenceHost.Request("""{"stream":true}"""))).Body);
    }

    private static IEnumerable<string> WithoutSigns(List<string> lines) => lines.Where((line, i) => line != ": working" && !(line.Length == 0 && i > 0 && lines[i - 1] == ": working"));
}
