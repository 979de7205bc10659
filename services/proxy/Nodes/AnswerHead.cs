using System.Buffers.Text;
using System.Text;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Nodes;

/// <summary>How the end of an answer's body is known (RFC 9112, 6.3).</summary>
internal enum BodyEnd
{
    /// <summary>There is no body.</summary>
    None,

    /// <summary>By its length.</summary>
    Length,

    /// <summary>By its last chunk.</summary>
    Chunks,

    /// <summary>By the connection's end.</summary>
    Close,
}

/// <summary>A node's status line and headers. One instance serves a connection, for one answer after the other.</summary>
internal sealed class AnswerHead
{
    /// <summary>Most bytes of a head.</summary>
    public const int MostBytes = 16 * 1024;

    // What is between two hops, what names software, and what only the front door may say.
    private static readonly HashSet<string> NotPassedBack = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Type",
        "Set-Cookie", "Server", "Date", "Via", "X-Powered-By", "Alt-Svc", "Strict-Transport-Security", RequestId.Header, "traceparent", "tracestate",
        RequestLimiter.LimitHeader, RequestLimiter.RemainingHeader, RequestLimiter.ResetHeader, WakeTimes.Header, "Preference-Applied",
    };

    private readonly List<(string Name, string Value)> _passedBack = [];
    private string? _connection;

    /// <summary>HTTP status.</summary>
    public int Status { get; private set; }

    /// <summary>How the body ends.</summary>
    public BodyEnd End { get; private set; }

    /// <summary>Bytes of the body, when it ends by its length.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the connection can be used again once the body has ended.</summary>
    public bool KeepsAlive { get; private set; }

    /// <summary>Seconds for which the node keeps an idle connection, when it says so; else null.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>Media type of the body; null when there is none.</summary>
    public string? ContentType { get; private set; }

    /// <summary>Whether the body is a stream of server-sent events.</summary>
    public bool IsEventStream { get; private set; }

    /// <summary>Whether the body is one JSON document.</summary>
    public bool IsJson { get; private set; }

    /// <summary>Headers that the client gets.</summary>
    public IEnumerable<(string Name, string Value)> PassedBack => _connection is null ? _passedBack : _passedBack.Where(h => !Lists(_connection, h.Name));

    /// <summary>Forgets the last answer.</summary>
    public void Clear()
    {
        (Status, End, Length, KeepsAlive, KeepAliveSeconds, ContentType, IsEventStream, IsJson, _connection) = (0, BodyEnd.None, 0, false, null, null, false, false, null);
        _passedBack.Clear();
    }

    /// <summary>Reads a head.</summary>
    /// <param name="head">The head, from its first byte to the empty line that ends it.</param>
    /// <returns>False when it is none.</returns>
    public bool TryRead(ReadOnlySpan<byte> head)
    {
        Clear();
        var line = NextLine(ref head);
        // HTTP/1.1 200 OK
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ') return false;
        if (!Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var digits) || digits != 3 || status is < 100 or >= 600 || line is [_, _, _, _, _, _, _, _, _, _, _, _, not (byte)' ', ..]) return false;
        // Nobody asked to go over to another protocol.
        if (status == 101) return false;
        Status = status;
        var isOld = line[7] == '0';

        long? length = null;
        var chunked = false;
        while (!(line = NextLine(ref head)).IsEmpty)
        {
            // A line that goes on where the last ended has no name either, nor has a name blanks.
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || line[..colon].ContainsAnyExcept(HeaderText.BytesInNames)) return false;
            if (!TryNote(line[..colon], line[(colon + 1)..].Trim(" \t"u8), ref length, ref chunked)) return false;
        }
        if (!head.IsEmpty) return false;

        KeepsAlive = _connection is null ? !isOld : !Lists(_connection, "close") && (!isOld || Lists(_connection, "keep-alive"));
        if (status is < 200 or 204 or 304) return true;
        if (status == 205)
        {
            // It must have no body, but may be framed as if it had (RFC 9110, 15.3.6): then nobody waits for where that ends.
            KeepsAlive = KeepsAlive && !chunked && length == 0;
            return true;
        }
        // Chunks together with a length, or in HTTP/1.0, say that somebody between us changed one of them: nothing that follows can be trusted (RFC 9112, 6.1, 6.3).
        if (chunked) (End, KeepsAlive) = (BodyEnd.Chunks, KeepsAlive && !isOld && length is null);
        else if (length is { } known) (End, Length) = (known == 0 ? BodyEnd.None : BodyEnd.Length, known);
        else (End, KeepsAlive) = (BodyEnd.Close, false);
        return true;
    }

    private bool TryNote(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref long? length, ref bool chunked)
    {
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            if (value is not [>= (byte)'0' and <= (byte)'9', ..]) return false;
            if (!Utf8Parser.TryParse(value, out long bytes, out var digits) || digits != value.Length || (length is not null && length != bytes)) return false;
            length = bytes;
        }
        else if (Ascii.EqualsIgnoreCase(name, "content-type"u8))
        {
            if (value.ContainsAny(HeaderText.BytesNotInValues)) return false;
            IsJson = value.Length >= 16 && Ascii.EqualsIgnoreCase(value[..16], "application/json"u8);
            IsEventStream = value.Length >= 17 && Ascii.EqualsIgnoreCase(value[..17], "text/event-stream"u8);
            ContentType = value.SequenceEqual("application/json"u8) ? "application/json" : value.SequenceEqual("text/event-stream; charset=utf-8"u8) ? "text/event-stream; charset=utf-8" : Text(value);
        }
        else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            // We ask for no other coding, so that a node that applies one can't be understood.
            if (chunked || !Ascii.EqualsIgnoreCase(value, "chunked"u8)) return false;
            chunked = true;
        }
        else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
        {
            _connection = _connection is null ? Text(value) : $"{_connection},{Text(value)}";
        }
        else if (Ascii.EqualsIgnoreCase(name, "keep-alive"u8))
        {
            var timeout = value.IndexOf("timeout="u8);
            if (timeout >= 0 && Utf8Parser.TryParse(value[(timeout + 8)..], out int seconds, out _)) KeepAliveSeconds = seconds;
        }
        else
        {
            var header = Text(name);
            if (!NotPassedBack.Contains(header) && !value.ContainsAny(HeaderText.BytesNotInValues)) _passedBack.Add((header, Text(value)));
        }
        return true;
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf((byte)'\n');
        var line = end < 0 ? head : head[..end];
        head = end < 0 ? [] : head[(end + 1)..];
        return line is [.., (byte)'\r'] ? line[..^1] : line;
    }

    private static bool Lists(string connection, string name) => connection.Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase);

    // What a header holds beyond ASCII is nobody's business here: every byte goes through as it came.
    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
