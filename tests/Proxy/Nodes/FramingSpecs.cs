using System.Text;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>All the ways in which HTTP/1 frames an answer, and in which a network cuts it.</summary>
public sealed class FramingSpecs
{
    private const string Body = "{\"model\":\"model\"}";

    [Theory]
    [InlineData($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{Body}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9;x=y\r\n{\"model\":\r\n8\r\n\"model\"}\r\n0\r\nx-trailer: 1\r\n\r\n")]
    [InlineData($"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{Body}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"model\":\"other\"}")]
    public async Task An_answer_cut_anywhere_is_the_same_answer(string answered)
    {
        var (bytes, at) = (Encoding.UTF8.GetBytes(answered), 0);
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(bytes.AsMemory(0, at));
            await Task.Delay(2); // Else the pieces arrive as one.
            await exchange.WriteAsync(bytes.AsMemory(at));
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (at = 1; at < bytes.Length; at++)
        {
            var sent = host.SendAsync(InferenceHost.Request());
            Assert.True(await Task.WhenAny(sent, Task.Delay(TimeSpan.FromSeconds(10))) == sent, $"No answer came that was cut at {at}.");
            var answer = await sent;
            Assert.Equal((200, Body), (answer.Status, answer.Body));
        }
        Assert.Equal(1, node.Connections); // Each was read to its very end.
    }

    [Fact]
    public async Task A_stream_that_comes_byte_by_byte_is_the_same_stream()
    {
        const string Events = "data: {\"model\":\"model\",\"text\":\"\u20ac\"}\r\n\r\n: ping\n\ndata: [DONE]\n\n";
        await using var node = ScriptedNode.Start(async exchange =>
        {
            foreach (var one in Encoding.UTF8.GetBytes($"{ScriptedNode.Events}{ScriptedNode.Chunk(Events)}0\r\n\r\n"))
            {
                await exchange.WriteAsync((byte[])[one]);
                await Task.Yield();
            }
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal(Events, (await host.SendAsync(InferenceHost.Request("""{"stream":true}"""))).Body);
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + Body, Body)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + Body, Body)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: [DONE]\n\n", "data: 1\n\ndata: [DONE]\n\n")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", "")]
    public async Task An_answer_may_end_with_its_connection(string answered, string body)
    {
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(answered);
            exchange.Close();
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 20; i++)
        {
            var answer = await host.SendAsync(InferenceHost.Request());
            Assert.Equal((200, body), (answer.Status, answer.Body));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Type: text/event-stream\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n", 205)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n", 205)]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 400)]
    public async Task An_answer_may_have_no_body(string answered, int status)
    {
        await using var node = ScriptedNode.Answering(answered);
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 3; i++) Assert.Equal((status, ""), await host.SendAsync(InferenceHost.Request()) is var answer ? (answer.Status, answer.Body) : default);
        Assert.Equal(1, node.Connections);
    }

    [Theory]
    [InlineData("Content-Length: 17\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n11\r\n")]
    public async Task A_body_where_none_may_be_goes_to_nobody(string head)
    {
        await using var node = ScriptedNode.Answering($"HTTP/1.1 205 Reset Content\r\nContent-Type: application/json\r\n{head}{Body}\r\n0\r\n\r\n");
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 3; i++) Assert.Equal((205, ""), await host.SendAsync(InferenceHost.Request()) is var answer ? (answer.Status, answer.Body) : default);
        Assert.Equal(3, node.Connections);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Connection: close\r\n")]
    [InlineData("Keep-Alive: timeout=1\r\n")]
    public async Task A_node_that_closes_after_each_answer_loses_none_of_a_thousand(string header)
    {
        await using var node = ScriptedNode.Start(exchange => exchange.WriteAndCloseAsync(ScriptedNode.Json.Replace("\r\n\r\n", $"\r\n{header}\r\n", StringComparison.Ordinal)));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 1000; i++) Assert.Equal((i, 200), (i, (await host.SendAsync(InferenceHost.Request())).Status));
        Assert.Equal(1000, node.Requests);
    }

    [Fact]
    public async Task What_comes_behind_an_answer_is_nobodys()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.WriteAsync($"{ScriptedNode.Json}HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n"));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 20; i++) Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        Assert.Equal(20, node.Connections);
    }

    [Fact]
    public async Task Headers_of_a_node_that_no_server_may_send_are_not_passed_back()
    {
        await using var node = ScriptedNode.Answering("HTTP/1.1 200 OK\r\nx-bad: a\u0001b\r\nx-delete: a\u007fb\r\nx-good: 1\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok");
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var (status, body, response) = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((200, "ok", false, false, true, false), (status, body, response.Headers.Contains("x-bad"), response.Headers.Contains("x-delete"), response.Headers.Contains("x-good"), response.Headers.Contains("Set-Cookie")));
    }
}
