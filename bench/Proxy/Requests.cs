namespace Hypervize.Bench.Proxy;

/// <summary>What every contestant is asked for.</summary>
internal static class Requests
{
    /// <summary>A chat completion of 1 KB.</summary>
    public static string Whole { get; } = Padded("""{"model":"any","max_tokens":100,"temperature":0.7,"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"…"}]}""");

    /// <summary>The same as a stream.</summary>
    public static string Streamed { get; } = Padded("""{"model":"any","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"…"}]}""");

    private static string Padded(string json) => json.Replace("…", new('x', 1024 - json.Length + 1), StringComparison.Ordinal);
}
