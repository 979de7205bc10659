using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Hypervize.Proxy.Nodes;

/// <summary>Writes the head of a request to a node: what the client said, without what is between two hops and what says who calls.</summary>
internal ref struct RequestHead(Span<byte> to)
{
    /// <summary>Most bytes of a head: the front door takes 32 KB of headers and 8 KB of a request line.</summary>
    public const int MostBytes = 48 * 1024;

    private static readonly FrozenSet<string> NotPassedOn = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        "Authorization", "x-api-key", "api-key", "Cookie", "Prefer", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
        "X-Forwarded-Prefix", "X-Real-IP", "Host", "Content-Length", "Content-Type", "Content-Encoding", "Expect", "Accept-Encoding", "x-request-id",
        "X-Content-Length", // So the server calls a Content-Length beside chunks.
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // What a node takes for a line's end or for a blank would make another request of it.
    private static readonly SearchValues<char> NotInQueries = SearchValues.Create([.. Enumerable.Range(0, 33).Append(127).Select(c => (char)c)]);

    private readonly Span<byte> _to = to;
    private bool _propagatesTrace;

    /// <summary>Bytes that were written.</summary>
    public int Length { get; private set; }

    /// <summary>Whether a query can be passed on as it came.</summary>
    /// <param name="query">The query.</param>
    public static bool CanHold(QueryString query) => !query.Value.AsSpan().ContainsAny(NotInQueries);

    /// <summary>Writes the whole head.</summary>
    /// <param name="pool">Where it goes.</param>
    /// <param name="path">Path at the node, from its slash on.</param>
    /// <param name="http">The client's request.</param>
    /// <param name="contentLength">Bytes of the body.</param>
    public void Write(NodePool pool, string path, HttpContext http, long contentLength)
    {
        Write("POST "u8);
        Write(pool.PathBase);
        Write(path);
        if (http.Request.QueryString.Value is { Length: > 0 } query) Write(query);
        Write(" HTTP/1.1\r\nHost: "u8);
        Write(pool.Host);
        Write("\r\nContent-Type: application/json\r\nContent-Length: "u8);
        Utf8Formatter.TryFormat(contentLength, _to[Length..], out var digits);
        Length += digits;
        Write("\r\nx-request-id: "u8);
        Write(http.TraceIdentifier);
        // A trace that we are part of goes on from us; one that we only pass on stays the client's.
        if (System.Diagnostics.Activity.Current is { } activity)
        {
            _propagatesTrace = true;
            Write("traceparent", activity.Id); // It may be made of what the client called a trace.
        }
        var connection = http.Request.Headers.Connection;
        foreach (var (name, values) in http.Request.Headers)
            if (!NotPassedOn.Contains(name) && !(_propagatesTrace && name.Equals("traceparent", StringComparison.OrdinalIgnoreCase)) && !IsNamedBy(connection, name)) Write(name, values);
        Write("\r\n\r\n"u8);
    }

    // Connection: keep-alive, X-Of-This-Hop
    private static bool IsNamedBy(StringValues connection, string name)
    {
        if (connection.Count == 0 || (connection.Count == 1 && connection[0] is "keep-alive" or "close")) return false;
        return connection.Any(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    // The server lets most control characters through, and names that are none.
    private void Write(string name, StringValues values)
    {
        if (name.AsSpan().ContainsAnyExcept(HeaderText.InNames)) return;
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].AsSpan().ContainsAny(HeaderText.NotInValues)) continue;
            Write("\r\n"u8);
            Write(name);
            Write(": "u8);
            Write(values[i] ?? "");
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_to[Length..]);
        Length += bytes.Length;
    }

    // Header values are read as Latin-1, so that every byte goes through as it came.
    private void Write(string text) => Length += Encoding.Latin1.GetBytes(text, _to[Length..]);
}
