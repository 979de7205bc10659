using System.Text;
using CsCheck;
using Hypervize.Proxy.Nodes;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Status lines and headers of nodes.</summary>
public sealed class AnswerHeadSpecs
{
    [Fact]
    public void A_head_is_read()
    {
        var head = Read("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\nx-a:b\r\n\r\n");
        Assert.Equal((200, BodyEnd.Length, 12L, true, true), (head.Status, head.End, head.Length, head.KeepsAlive, head.IsJson));
        Assert.Equal([("x-a", "b")], head.PassedBack);
    }

    [Theory]
    [InlineData("HTTP/1.1 200\r\n", BodyEnd.Close, false)]
    [InlineData("HTTP/1.1 200 \r\n", BodyEnd.Close, false)]
    [InlineData("HTTP/1.0 200 OK\r\n", BodyEnd.Close, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n", BodyEnd.Length, false)]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n", BodyEnd.Length, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", BodyEnd.None, true)]
    [InlineData("HTTP/1.1 204 No Content\r\n", BodyEnd.None, true)]
    // It must not have a body (RFC 9110, 15.3.6), but for framing it is like any other: one that has is not read on.
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n", BodyEnd.None, true)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n", BodyEnd.None, false)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n", BodyEnd.None, false)]
    [InlineData("HTTP/1.1 205 Reset Content\r\n", BodyEnd.None, false)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n", BodyEnd.None, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n", BodyEnd.Length, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n", BodyEnd.Chunks, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n", BodyEnd.Length, false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\nConnection: keep-alive\r\n", BodyEnd.Length, false)]
    // Whoever says both may have been talked into one of them: chunks count, and nothing comes after them (RFC 9112, 6.3).
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", BodyEnd.Chunks, false)]
    // HTTP/1.0 knows no chunks: what is between us may have changed the framing (RFC 9112, 6.1).
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n", BodyEnd.Chunks, false)]
    internal void The_end_of_the_body_and_what_follows_it_are_known(string head, BodyEnd end, bool keepsAlive) =>
        Assert.Equal((end, keepsAlive), Read($"{head}\r\n") is var read ? (read.End, read.KeepsAlive) : default);

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/2 200 OK\r\n")]
    [InlineData("HTTP/1.2 200 OK\r\n")]
    [InlineData("http/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1  200 OK\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n")]
    [InlineData("HTTP/1.1 099 OK\r\n")]
    [InlineData("HTTP/1.1 +20 OK\r\n")]
    [InlineData("HTTP/1.1 600 OK\r\n")]
    [InlineData("HTTP/1.1 999 OK\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: nameless\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nName : value\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\na b: c\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\na\0b: c\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nx\u00e9: c\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n\tfolded\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: a\u0001b\r\n")]
    [InlineData("HTTP/1.1 200 OK\nA: b\n\nbody that a line feed began\r\n")]
    // We never ask to go over to another protocol.
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n")]
    public void What_is_no_head_is_refused(string head) => Assert.False(new AnswerHead().TryRead(Encoding.Latin1.GetBytes($"{head}\r\n")));

    [Theory]
    [InlineData("Set-Cookie")]
    [InlineData("Server")]
    [InlineData("X-Powered-By")]
    [InlineData("Keep-Alive")]
    [InlineData("Trailer")]
    [InlineData("Upgrade")]
    [InlineData("Proxy-Authenticate")]
    [InlineData("TE")]
    [InlineData("Via")]
    [InlineData("Date")]
    [InlineData("Alt-Svc")]
    [InlineData("Strict-Transport-Security")]
    [InlineData("x-request-id")]
    [InlineData("traceparent")]
    [InlineData("x-ratelimit-limit-requests")]
    [InlineData("x-ratelimit-remaining-requests")]
    [InlineData("x-ratelimit-reset-requests")]
    [InlineData("x-hypervize-wake")]
    [InlineData("Preference-Applied")]
    public void What_is_between_the_node_and_us_stays_there(string name) =>
        Assert.Equal(["x-a"], Read($"HTTP/1.1 200 OK\r\n{name}: 1\r\n{name.ToUpperInvariant()}: 2\r\n{name.ToLowerInvariant()}: 3\r\nx-a: b\r\n\r\n").PassedBack.Select(h => h.Name));

    [Theory]
    [InlineData("Connection: x-hop\r\nX-Hop: 1\r\n")]
    [InlineData("X-Hop: 1\r\nConnection: keep-alive, X-HOP\r\n")]
    [InlineData("Connection: x-hop\r\nX-Hop: 1\r\nConnection: close\r\n")]
    public void A_header_that_Connection_names_stays_there_too(string headers) => Assert.Equal(["x-a"], Read($"HTTP/1.1 200 OK\r\n{headers}x-a: b\r\n\r\n").PassedBack.Select(h => h.Name));

    [Theory]
    [InlineData("Keep-Alive: timeout=5", 5)]
    [InlineData("Keep-Alive: timeout=75, max=1000", 75)]
    [InlineData("Keep-Alive: max=1000", null)]
    [InlineData("Keep-Alive: timeout=soon", null)]
    public void How_long_a_node_keeps_a_connection_is_known_when_it_says_so(string header, int? seconds) => Assert.Equal(seconds, Read($"HTTP/1.1 200 OK\r\n{header}\r\n\r\n").KeepAliveSeconds);

    [Fact]
    public void One_answers_head_leaves_nothing_for_the_next()
    {
        var head = new AnswerHead();
        Assert.True(head.TryRead("HTTP/1.1 200 OK\r\nConnection: close, x-b\r\nContent-Type: text/event-stream\r\nKeep-Alive: timeout=5\r\nx-a: b\r\nContent-Length: 7\r\n\r\n"u8));
        Assert.True(head.TryRead("HTTP/1.1 204 No Content\r\nx-b: c\r\n\r\n"u8));
        Assert.Equal((204, BodyEnd.None, 0L, true, null, null, false), (head.Status, head.End, head.Length, head.KeepsAlive, head.KeepAliveSeconds, head.ContentType, head.IsEventStream));
        Assert.Equal([("x-b", "c")], head.PassedBack);
    }

    /// <summary>A server throws that is asked to send anything else.</summary>
    [Fact]
    public void Whatever_a_head_holds_it_is_refused_or_can_be_passed_back() =>
        Gen.Select(Gen.OneOf("HTTP/1.1 200 OK\r\n", "HTTP/1.0 404 \r\n", "x-a: b\r\n", "Content-Type: a/b\r\n", "Connection: x-a\r\n", "Content-Length: 1\r\n").List[1, 6], Gen.Select(Gen.Int[0, 120], Gen.Byte).Array[0, 4]).Sample((lines, changes) =>
        {
            var bytes = Encoding.Latin1.GetBytes($"{string.Concat(lines)}\r\n");
            foreach (var (at, value) in changes) bytes[at % bytes.Length] = value;
            var head = new AnswerHead();
            if (!head.TryRead(bytes)) return;
            foreach (var (name, value) in head.PassedBack.Append(("Content-Type", head.ContentType ?? "")))
            {
                Assert.Matches("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$", name);
                Assert.DoesNotContain(value, c => c is (< ' ' and not '\t') or '\x7f' or > '\xff');
            }
        });

    private static AnswerHead Read(string text)
    {
        var head = new AnswerHead();
        Assert.True(head.TryRead(Encoding.Latin1.GetBytes(text)));
        return head;
    }
}
