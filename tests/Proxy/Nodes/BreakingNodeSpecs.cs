using System.Text;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Nodes that die while they answer, or answer what is no HTTP.</summary>
public sealed class BreakingNodeSpecs
{
    private const string Stream = """{"stream":true}""";

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: appl", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: appl", true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", false)]
    public async Task A_node_that_dies_before_it_has_answered_fails_the_request_which_is_not_sent_again(string before, bool resets)
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(exchange, before, resets));
        await using var other = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((502, "node_failed", 1), (answer.Status, InferenceHost.CodeOf(answer.Body), node.Requests));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("HTTP/1.1 200 OK\r\nx: y\r\n folded\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\na b: c\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")]
    // These have no end that we take for one: whoever waited for it would wait for as long as the node keeps the connection.
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\nabc")]
    [InlineData("HTTP/1.1 100 Continue\n\n")]
    [InlineData("HTTP/1.1 600 Whatever\r\nContent-Length: 0\r\n\r\n")]
    public async Task What_is_no_HTTP_is_a_failure_of_the_node(string answered)
    {
        await using var node = ScriptedNode.Answering(answered);
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request()).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((502, "node_failed", 1), (answer.Status, InferenceHost.CodeOf(answer.Body), node.Requests));
    }

    [Fact]
    public async Task A_head_without_an_end_is_a_failure_of_the_node()
    {
        await using var node = ScriptedNode.Answering($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Range(0, 20_000).Select(i => $"x-{i}: {i}\r\n"))}");
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal("node_failed", InferenceHost.CodeOf((await host.SendAsync(InferenceHost.Request())).Body));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_breaks_shows_whole_events_and_then_an_error(bool resets)
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(exchange, $"{ScriptedNode.Events}{ScriptedNode.Chunk("data: 1\n\nda")}{ScriptedNode.Chunk("ta: 2\n\ndata: {\"half\":")}", resets));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request(Stream));
        Assert.StartsWith("data: 1\n\ndata: 2\n\ndata: {\"error\":", answer.Body);
        Assert.Contains("upstream_broken", answer.Body);
        Assert.EndsWith("\n\n", answer.Body);
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("5\r\ndata: \r\n")]
    [InlineData("-5\r\n")]
    public async Task A_stream_whose_chunks_are_malformed_ends_with_an_error(string chunk)
    {
        await using var node = ScriptedNode.Answering($"{ScriptedNode.Events}{ScriptedNode.Chunk("data: 1\n\n")}{chunk}");
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request(Stream));
        Assert.Equal((200, "text/event-stream"), (answer.Status, answer.Response.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("data: 1\n\ndata: {\"error\"", answer.Body);
        Assert.Contains("upstream_broken", answer.Body);
    }

    [Fact]
    public async Task Nor_does_the_spelling_of_its_media_type_keep_the_error_from_it()
    {
        var seen = new TaskCompletionSource();
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync($"{ScriptedNode.Events.Replace("text/event-stream", "Text/Event-Stream", StringComparison.Ordinal)}{ScriptedNode.Chunk("data: 1\n\n")}");
            await seen.Task;
            exchange.Close();
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        using var response = await host.Client.SendAsync(InferenceHost.Request(Stream), HttpCompletionOption.ResponseHeadersRead);
        seen.SetResult();
        Assert.Contains("upstream_broken", await response.Content.ReadAsStringAsync());
    }

    /// <summary>Without a length or chunks nothing tells a connection's end from a failure, but that it comes in the middle of an event.</summary>
    [Theory]
    [InlineData("data: 1\n\n", false)]
    [InlineData("data: 1\n\n\n", false)]
    [InlineData("data: 1\n\ndata: {\"half\":", true)]
    public async Task A_stream_that_only_its_connection_ends_is_broken_when_it_ends_within_an_event(string events, bool isBroken)
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(exchange, $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{events}", resets: false));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request(Stream));
        Assert.StartsWith("data: 1\n\n", answer.Body);
        Assert.Equal((isBroken, false), (answer.Body.Contains("upstream_broken", StringComparison.Ordinal), answer.Body.Contains("half", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stream_that_breaks_before_its_first_event_fails_like_any_request()
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(
            exchange, $"{ScriptedNode.Events.Replace("\r\n\r\n", "\r\nx-node: 1\r\n\r\n", StringComparison.Ordinal)}{ScriptedNode.Chunk("data: ")}", resets: false));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(InferenceHost.Request(Stream, prefer: "wait=7"));
        Assert.Equal((502, "upstream_broken", "application/json"), (answer.Status, InferenceHost.CodeOf(answer.Body), answer.Response.Content.Headers.ContentType?.MediaType));
        Assert.Equal((false, true), (answer.Response.Headers.Contains("x-node"), answer.Response.Headers.Contains("x-request-id")));
    }

    /// <summary>The node's name for its model is known at once, or not before the end: then nothing was given to the client yet.</summary>
    [Theory]
    [InlineData("Content-Length: 1000", "{\"model\":\"model\",\"id\":", null)]
    [InlineData("Content-Length: 1000", "{\"id\":", 502)]
    [InlineData("Content-Length: 20", "{\"id\":", 502)]
    [InlineData("Content-Length: 1000", "", 502)]
    [InlineData("Transfer-Encoding: chunked", "10\r\n{\"model\":\"model\"\r\n", null)]
    [InlineData("Transfer-Encoding: chunked", "6\r\n{\"id\":\r\n", 502)]
    public async Task An_answer_that_breaks_never_looks_whole(string header, string body, int? status)
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(exchange, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-node: 1\r\n{header}\r\n\r\n{body}", resets: false));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        if (status is null)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync(InferenceHost.Request()));
            return;
        }
        var answer = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((status, "upstream_broken", false), (answer.Status, InferenceHost.CodeOf(answer.Body), answer.Response.Headers.Contains("x-node")));
    }

    [Theory]
    [InlineData("Content-Length: 1000")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Nor_does_one_that_is_no_JSON(string header)
    {
        await using var node = ScriptedNode.Start(exchange => BreakAsync(exchange, $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{header}\r\n\r\n3\r\nabc\r\n", resets: false));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync(InferenceHost.Request()));
    }

    /// <summary>Whoever finds a body too large need not read it to say so.</summary>
    [Theory]
    [InlineData("closes")]
    [InlineData("finishes")]
    [InlineData("stays")]
    public async Task A_node_may_answer_before_it_has_read_the_body(string then)
    {
        const string TooLarge = "HTTP/1.1 413 Payload Too Large\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{\"error\":\"big\"}";
        await using var node = ScriptedNode.StartAtHead(async exchange =>
        {
            await exchange.WriteAsync(TooLarge);
            if (then == "closes") exchange.Close();
            else if (then == "finishes") exchange.FinishWriting();
            else await Task.Delay(TimeSpan.FromSeconds(20));
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(Large()).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((413, "{\"error\":\"big\"}", 1), (answer.Status, answer.Body, node.Requests));
    }

    /// <summary>Nothing ends the sending to a node that neither reads nor closes, but its answer; one that only announces another does not.</summary>
    [Theory]
    [InlineData("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n", 413)]
    [InlineData("HTTP/1.|1 413 Payload Too Large\r\nContent-Le|ngth: 0\r\n\r\n", 413)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n", 413)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n|\r\nHTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n", 413)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 101 Switching Protocols\r\n\r\n", 502)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 413 Payload Too Large\n\n", 502)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n|closes", 502)]
    public async Task An_answer_that_comes_while_a_large_body_is_sent_ends_the_sending(string answered, int status)
    {
        await using var node = ScriptedNode.StartAtHead(async exchange =>
        {
            await WriteInPiecesAsync(exchange, answered);
            await Task.Delay(TimeSpan.FromSeconds(20));
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var answer = await host.SendAsync(Large()).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((status, 1), (answer.Status, node.Requests));
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.|1 100 Continue\r\n\r\n|HTTP/1.1 100 Continue\r\n|\r\n")]
    public async Task A_node_that_asks_for_a_large_body_gets_all_of_it(string asked)
    {
        var missing = -1;
        await using var node = ScriptedNode.StartAtHead(async exchange =>
        {
            await WriteInPiecesAsync(exchange, asked);
            missing = await exchange.SkipBodyAsync();
            await exchange.WriteAsync(ScriptedNode.Json);
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 10; i++) Assert.Equal((200, 0), ((await host.SendAsync(Large())).Status, missing));
        Assert.Equal(1, node.Connections); // The answer was read to its very end.
    }

    [Fact]
    public async Task Two_nodes_one_of_them_dead_look_like_one()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var dead = ScriptedNode.Answering(ScriptedNode.Json);
        dead.StopListening();
        await using var host = await InferenceHost.StartAsync();
        host.Is(Contracts.EndpointStatus.Up, host.Node("node-dead", address: dead.Address), host.Node(address: node.Address));
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.SendAsync(InferenceHost.Request())));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
    }

    // More than the system takes for a node that does not read.
    private static HttpRequestMessage Large() => InferenceHost.Request($$"""{"image":"{{new string('A', 20 * 1024 * 1024)}}"}""");

    private static async Task WriteInPiecesAsync(NodeExchange exchange, string pieces)
    {
        foreach (var piece in pieces.Split('|'))
        {
            if (piece == "closes") exchange.Close();
            else await exchange.WriteAsync(piece);
            await Task.Delay(50);
        }
    }

    private static async Task BreakAsync(NodeExchange exchange, string before, bool resets)
    {
        await exchange.WriteAsync(Encoding.UTF8.GetBytes(before));
        // What was sent is lost to a reset that overtakes it.
        if (resets) await Task.Delay(50);
        if (resets) exchange.Reset();
        else exchange.Close();
    }
}
