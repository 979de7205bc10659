using System.Buffers.Text;
using System.Text;

namespace Hypervize.Bench.Load;

/// <summary>As much of HTTP/1.1 as both ends of a benchmark need: where a message ends.</summary>
internal static class HttpText
{
    private const int Incomplete = -1;

    /// <summary>Length of the message that stands at the beginning of what was received; -1 while it is incomplete.</summary>
    /// <param name="received">What was received.</param>
    /// <param name="body">Where its body begins.</param>
    public static int LengthOf(ReadOnlySpan<byte> received, out int body)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        body = end + 4;
        if (end < 0) return Incomplete;
        var head = received[..body];
        if (Value(head, "\r\nContent-Length: "u8, "\r\ncontent-length: "u8) is { Length: > 0 } length && Utf8Parser.TryParse(length, out int bytes, out _))
            return received.Length >= body + bytes ? body + bytes : Incomplete;
        if (head.IndexOf("chunked\r\n"u8) < 0) return body;
        var last = received[(body - 2)..].IndexOf("\r\n0\r\n\r\n"u8);
        return last < 0 ? Incomplete : body - 2 + last + 7;
    }

    /// <summary>The status of an answer.</summary>
    /// <param name="answer">The answer, from its first byte.</param>
    public static int StatusOf(ReadOnlySpan<byte> answer) =>
        answer.Length > 12 && answer.StartsWith("HTTP/1.1 "u8) && Utf8Parser.TryParse(answer[9..12], out int status, out _) ? status : 0;

    /// <summary>A request with a JSON body.</summary>
    /// <param name="path">Path.</param>
    /// <param name="key">API key.</param>
    /// <param name="body">The body.</param>
    public static byte[] Post(string path, string key, string body) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        var at = head.IndexOf(name);
        if (at < 0) at = head.IndexOf(lower);
        return at < 0 ? [] : head[(at + name.Length)..];
    }
}
