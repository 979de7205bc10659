using System.Collections.Frozen;

namespace Hypervize.Proxy.Forwarding;

/// <summary>A path of a node's OpenAI surface that is passed on.</summary>
/// <param name="Name">The path as clients say it, with or without <c>v1/</c> before it.</param>
/// <param name="AtNode">The path at the node, from its slash on.</param>
/// <param name="CountsTokens">Whether a stream can be asked for its usage by <c>stream_options</c>.</param>
public sealed record InferencePath(string Name, string AtNode, bool CountsTokens = false)
{
    private const string Version = "v1/";

    /// <summary>Answered from the read model, so that listing models wakes nothing. One model is <c>models/{name}</c>.</summary>
    public static InferencePath Models { get; } = new("models", "/v1/models");

    /// <summary>All paths: OpenAI's, and what vLLM and llama-server have beside them for models that rank, score and classify.</summary>
    public static IReadOnlyList<InferencePath> All { get; } =
    [
        new("chat/completions", "/v1/chat/completions", CountsTokens: true), new("completions", "/v1/completions", CountsTokens: true),
        new("embeddings", "/v1/embeddings"), new("responses", "/v1/responses"),
        new("rerank", "/v1/rerank"), new("score", "/v1/score"), new("pooling", "/pooling"), new("classify", "/classify"),
        new("tokenize", "/tokenize"), new("detokenize", "/detokenize"), Models,
    ];

    private static readonly FrozenDictionary<string, InferencePath> ByName = All.SelectMany(p => (KeyValuePair<string, InferencePath>[])[new(p.Name, p), new(Version + p.Name, p)]).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Finds what a client asks for.</summary>
    /// <param name="path">What follows the endpoint's id and a slash.</param>
    /// <param name="model">The model that is asked about; null unless the path is <c>models/{name}</c>.</param>
    /// <returns>Null when it is none of these.</returns>
    public static InferencePath? Find(ReadOnlySpan<char> path, out string? model)
    {
        model = null;
        if (ByName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(path, out var known)) return known;
        var bare = path.StartsWith(Version) ? path[Version.Length..] : path;
        if (!bare.StartsWith("models/") || bare.Length == "models/".Length) return null;
        model = Uri.UnescapeDataString(bare["models/".Length..]);
        return Models;
    }
}
