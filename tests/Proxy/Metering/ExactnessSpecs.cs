using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Metering;

/// <summary>What is counted is what happened, under load and among failures.</summary>
public sealed class ExactnessSpecs
{
    private const int Clients = 50, RequestsEach = 20;
    private const string Usage = """{"prompt_tokens":3,"completion_tokens":2}""";

    /// <summary>Ways to ask, and what the node does then.</summary>
    private static readonly string[] Ways = ["plain", "stream", "asked", "resets", "stream-breaks", "leaves", "refused"];

    [Fact]
    public async Task Reports_add_up_to_what_clients_saw()
    {
        await using var node = ScriptedNode.Start(ServeAsync);
        await using var host = await InferenceHost.StartAsync();
        var state = Some.Endpoint(InferenceHost.Id, EndpointStatus.Up, host.Node(address: node.Address));
        host.Is(state with { Settings = state.Settings with { Scaling = state.Settings.Scaling with { Concurrency = 64 } } });

        var all = Enumerable.Range(0, Clients).Select(async client =>
        {
            var (random, seen) = (new Random(client), new List<Seen>());
            for (var i = 0; i < RequestsEach; i++) seen.Add(await AskAsync(host, Ways[random.Next(Ways.Length)]));
            return seen;
        }).ToList();
        // Intervals end in between.
        var usage = new List<KeyUsage>();
        while (!Task.WhenAll(all).IsCompleted)
        {
            usage.AddRange(host.Meter.Take(host.Table).SelectMany(t => t.Usage ?? []));
            await Task.Delay(20);
        }
        var clients = (await Task.WhenAll(all)).SelectMany(s => s).ToList();
        usage.AddRange(await host.UsageAsync(clients.Count - usage.Sum(u => u.Statuses.Values.Sum())));

        Assert.All(usage, u => Assert.Equal(Some.Key(InferenceHost.Key).Id, u.Key));
        Assert.Equal(ByStatus(clients.Select(c => (c.Status, 1))), ByStatus(usage.SelectMany(u => u.Statuses).Select(s => (s.Key, s.Value))));
        Assert.Equal((clients.Sum(c => c.Prompt), clients.Sum(c => c.Completion)), (usage.Sum(u => u.PromptTokens), usage.Sum(u => u.CompletionTokens)));
        Assert.Equal(clients.Count, usage.Sum(u => u.Duration.Count));
        Assert.Equal(clients.Count(c => c.Streamed), usage.Sum(u => u.FirstToken.Count));
        await InferenceHost.EventuallyAsync(() => host.Meter.Take(host.Table).Count == 0);
    }

    private sealed record Seen(int Status, long Prompt = 0, long Completion = 0, bool Streamed = false);

    private static async Task<Seen> AskAsync(InferenceHost host, string way)
    {
        var body = way switch
        {
            "plain" or "resets" or "leaves" => $$"""{"user":"{{way}}"}""",
            "stream" or "stream-breaks" => $$"""{"user":"{{way}}","stream":true}""",
            "asked" => $$$"""{"user":"{{{way}}}","stream":true,"stream_options":{"include_usage":true}}""",
            _ => """{"user":""",
        };
        if (way == "leaves")
        {
            using var client = await RawClient.SendAsync(host, body);
            await client.UntilAsync("{\"model\":\"model\"");
            client.Leave();
            return new(KeyUsage.ClientGone);
        }
        var (status, answer, _) = await host.SendAsync(InferenceHost.Request(body));
        return way switch
        {
            "plain" when status == 200 => Said(answer),
            "asked" when status == 200 => Said(answer) with { Streamed = true },
            "stream" when status == 200 => HidesUsage(answer),
            // It ended with 200 on the wire, and counts as what its error event says: one event with text had come.
            "stream-breaks" when status == 200 => Broke(answer),
            _ => new(status),
        };
    }

    private static Seen Said(string answer)
    {
        Assert.Contains($"\"usage\":{Usage}", answer);
        using var usage = JsonDocument.Parse(Usage);
        return new(200, usage.RootElement.GetProperty("prompt_tokens").GetInt64(), usage.RootElement.GetProperty("completion_tokens").GetInt64());
    }

    private static Seen HidesUsage(string answer)
    {
        Assert.DoesNotContain("usage", answer);
        return new(200, 3, 2, Streamed: true); // As the node says.
    }

    private static Seen Broke(string answer)
    {
        Assert.Contains("upstream_broken", answer);
        return new(502, 0, 1, Streamed: true);
    }

    private static async Task ServeAsync(NodeExchange exchange)
    {
        const string Text = "data: {\"model\":\"model\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        string Way(string name) => exchange.Body.Contains($"\"{name}\"", StringComparison.Ordinal) ? name : "";
        if (Way("resets").Length > 0)
        {
            exchange.Reset();
        }
        else if (Way("leaves").Length > 0)
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"model\":\"model\"");
            await exchange.CutAsync();
        }
        else if (Way("stream-breaks").Length > 0)
        {
            await exchange.WriteAsync($"{ScriptedNode.Events}{ScriptedNode.Chunk(Text)}");
            exchange.Close();
        }
        else if (exchange.Body.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            Assert.Contains("\"include_usage\":true", exchange.Body);
            await exchange.WriteAsync($"{ScriptedNode.Events}{ScriptedNode.Chunk(Text)}");
            await exchange.WriteAsync($"{ScriptedNode.Chunk($"{Text}data: {{\"choices\":[],\"usage\":{Usage}}}\n\ndata: [DONE]\n\n")}0\r\n\r\n");
        }
        else
        {
            var answer = $"{{\"model\":\"model\",\"usage\":{Usage}}}";
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(answer)}\r\n\r\n{answer}");
        }
    }

    private static string ByStatus(IEnumerable<(int Status, int Count)> statuses) =>
        string.Join(", ", statuses.GroupBy(s => s.Status).OrderBy(g => g.Key).Select(g => $"{g.Key}: {g.Sum(s => s.Count)}"));
}
