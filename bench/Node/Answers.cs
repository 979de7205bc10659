using System.Text;

namespace Hypervize.Bench.Node;

/// <summary>What the answering node answers, made once: bytes as they go over the wire.</summary>
internal static class Answers
{
    /// <summary>Chunks of a stream, each with a token.</summary>
    public const int Chunks = 100;

    /// <summary>Time between two chunks of a stream.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private const string Usage = """"usage":{"prompt_tokens":200,"completion_tokens":100,"total_tokens":300}"""";
    private const string Common = """"id":"chatcmpl-0123456789abcdef0123456789abcdef","created":1767225600,"model":"bench/model","system_fingerprint":"fp_bench"""";

    /// <summary>A chat completion of 1 KB.</summary>
    public static byte[] Completion { get; } = Whole($$"""
        {{{Common}},"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"{{new string('x', 700)}}"},"logprobs":null,"finish_reason":"stop"}],{{Usage}}}
        """);

    /// <summary>Head of a stream.</summary>
    public static byte[] StreamHead { get; } =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray();

    /// <summary>A chunk of a stream, of about 250 bytes.</summary>
    public static byte[] Chunk { get; } = Encoding.ASCII.GetBytes(Event($$"""{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}"""));

    /// <summary>The end of a stream.</summary>
    public static byte[] StreamEnd { get; } = End(withUsage: false);

    /// <summary>The end of a stream whose request asked for usage.</summary>
    public static byte[] StreamEndWithUsage { get; } = End(withUsage: true);

    /// <summary>An answer with a JSON body.</summary>
    /// <param name="json">The body.</param>
    public static byte[] Whole(string json) =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}");

    private static byte[] End(bool withUsage) => Encoding.ASCII.GetBytes(string.Concat(
        Event("""{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"""),
        withUsage ? Event("", $",{Usage}") : "",
        Chunked("data: [DONE]\n\n"), Chunked("")));

    private static string Event(string choice, string more = "") => Chunked($$"""data: {{{Common}},"object":"chat.completion.chunk","choices":[{{choice}}]{{more}}}""" + "\n\n");

    private static string Chunked(string text) => $"{text.Length:x}\r\n{text}\r\n";
}
