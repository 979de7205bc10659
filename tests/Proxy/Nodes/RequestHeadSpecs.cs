using System.Diagnostics;
using System.Text;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Tests.Inference;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>What clients may say that reads as something else at a node: who sees two requests in one is given what is another's.</summary>
public sealed class RequestHeadSpecs : IAsyncLifetime
{
    private ScriptedNode _node = null!;
    private InferenceHost _host = null!;
    private string? _received;

    public async Task InitializeAsync()
    {
        _node = ScriptedNode.Start(exchange =>
        {
            _received = exchange.Head;
            return exchange.WriteAsync(ScriptedNode.Json);
        });
        _host = await InferenceHost.InFrontOfAsync(_node);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_query_passes_as_it_came() => Assert.StartsWith("POST /v1/chat/completions?a=%0D%0A&b=~ HTTP/1.1\r\n", await ReceivedAsync(RawClient.Head(2, query: "?a=%0D%0A&b=~")));

    [Fact]
    public async Task A_query_with_control_characters_is_refused()
    {
        foreach (var control in Controls)
        {
            var answer = await AnswerAsync(RawClient.Head(2, query: $"?a{control}b"));
            Assert.StartsWith("HTTP/1.1 400 ", answer);
            if (control is not ('\0' or '\n')) Assert.Contains("\"code\":\"invalid_query\"", answer); // The server refuses these itself.
        }
        Assert.Equal(0, _node.Requests);
    }

    [Fact]
    public async Task A_header_with_control_characters_never_reaches_a_node()
    {
        foreach (var control in Controls.Except(['\n', '\t']))
            foreach (var header in (string[])[$"x-bad: a{control}b", $"x-bad{control}: b", $"Transfer-Encoding{control}: chunked"])
                if (await ReceivedAsync(RawClient.Head(2, headers: $"{header}\r\nx-good: a\tb\r\n")) is { } received)
                    Assert.Equal(["x-good: a\tb"], received.Split("\r\n")[5..]);
                else Assert.Contains(control, "\0\r"); // The server refuses these itself.
    }

    [Theory]
    [InlineData("x(bad)")]
    [InlineData("x\"bad")]
    [InlineData("x,bad")]
    public async Task Nor_does_a_header_whose_name_is_none(string name) => Assert.DoesNotContain("bad", await ReceivedAsync(RawClient.Head(2, headers: $"{name}: b\r\n")));

    [Fact]
    public void Nor_does_a_trace_that_a_client_made_up()
    {
        using var activity = new Activity("request").SetParentId("a\u0001b").Start();
        using var pool = new NodePool("endpt-1", new("http://127.0.0.1:1"), new(1), TimeProvider.System);
        var bytes = new byte[RequestHead.MostBytes];
        var head = new RequestHead(bytes);
        head.Write(pool, "/v1/completions", new DefaultHttpContext { TraceIdentifier = "1" }, 2);
        Assert.EndsWith("\r\nx-request-id: 1\r\n\r\n", Encoding.Latin1.GetString(bytes, 0, head.Length));
    }

    [Fact]
    public async Task A_length_beside_chunks_never_reaches_a_node_by_whatever_name()
    {
        var received = await ReceivedAsync(RawClient.Head(100, headers: "Transfer-Encoding: chunked\r\n"), "2\r\n{}\r\n0\r\n\r\n");
        Assert.Contains("\r\nContent-Length: 17\r\n", received);
        Assert.DoesNotContain("X-Content-Length", received);
    }

    private static IEnumerable<char> Controls => Enumerable.Range(0, 32).Append(127).Select(c => (char)c);

    // Null when the request was refused.
    private async Task<string?> ReceivedAsync(string head, string body = "{}")
    {
        _received = null;
        var answer = await AnswerAsync(head, body);
        Assert.StartsWith(_received is null ? "HTTP/1.1 400 " : "HTTP/1.1 200 ", answer);
        return _received;
    }

    private async Task<string> AnswerAsync(string head, string body = "{}")
    {
        using var client = await RawClient.ConnectAsync(_host);
        await client.WriteAsync($"{head}{body}");
        await client.UntilAsync("\r\n\r\n");
        if (!client.Seen.Contains("Content-Length: 0", StringComparison.Ordinal)) await client.UntilAsync("}");
        return client.Seen;
    }
}
