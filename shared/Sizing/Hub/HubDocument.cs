using System.Text.Json;

namespace Hypervize.Sizing.Hub;

/// <summary>The Hub's own description of a model, as <c>GET /api/models/{id}?blobs=true</c> gives it. What is not there, or of another type, is not told.</summary>
/// <param name="Facts">What it tells.</param>
/// <param name="IsDisabled">Whether the Hub has disabled the model.</param>
internal sealed record HubDocument(ModelFacts Facts, bool IsDisabled)
{
    /// <summary>Reads it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="info">The document.</param>
    public static HubDocument Read(string model, JsonElement info)
    {
        var safetensors = Object(info, "safetensors");
        var gguf = Object(info, "gguf");
        var config = Object(info, "config");
        List<(string Name, long? Count)> byDtype = safetensors is { } s && Object(s, "parameters") is { } parameters
            ? parameters.EnumerateObject().Select(p => (p.Name, Count: Count(p.Value))).DistinctBy(p => p.Name).ToList()
            : [];
        var files = info.TryGetProperty("siblings", out var siblings) && siblings.ValueKind == JsonValueKind.Array
            ? siblings.EnumerateArray().Select(File).Where(f => f is not null).Select(f => f!).ToList()
            : [];
        return new(new ModelFacts(model, ModelOrigin.Hub)
        {
            Revision = Text(info, "sha") is { } sha && sha.All(char.IsAsciiHexDigit) ? sha : null, PipelineTag = Text(info, "pipeline_tag"), Library = Text(info, "library_name"),
            Tags = info.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Array ? [.. tags.EnumerateArray().Select(t => t.ToString())] : [],
            IsPrivate = info.TryGetProperty("private", out var closed) && closed.ValueKind == JsonValueKind.True,
            IsGated = info.TryGetProperty("gated", out var gated) && gated.ValueKind is JsonValueKind.String or JsonValueKind.True,
            Files = files, ParametersByDtype = byDtype.Count > 0 && byDtype.All(d => d.Count is not null) && byDtype.Sum(d => (double)d.Count!.Value) is > 0 and <= 1e15 ? byDtype.ToDictionary(d => d.Name, d => d.Count!.Value) : null,
            Parameters = (safetensors is { } t ? Number(t, "total") : null) ?? (gguf is { } g ? Number(g, "total") : null),
            GgufArchitecture = gguf is { } a ? Text(a, "architecture") : null,
            GgufContext = gguf is { } c && Number(c, "context_length") is { } length ? (int)Math.Clamp(length, 1, int.MaxValue) : null,
            // What the Hub tells everyone of a config: enough for the architecture of a gated model.
            Config = config is { } some && some.EnumerateObject().Any() ? some.Clone() : null,
            HasChatTemplate = files.Any(f => f.Path is "chat_template.jinja" or "chat_template.json") || (config is { } k && Object(k, "tokenizer_config") is { } tokenizer && tokenizer.TryGetProperty("chat_template", out _)) ? true : null,
        }, info.TryGetProperty("disabled", out var disabled) && disabled.ValueKind == JsonValueKind.True);
    }

    private static ModelFile? File(JsonElement sibling)
    {
        if (sibling.ValueKind != JsonValueKind.Object || Text(sibling, "rfilename") is not { } name) return null;
        var lfs = Object(sibling, "lfs");
        var digest = lfs is { } large
            ? Hex(large, "sha256", 64) is { } sha ? new FileDigest(DigestKind.Sha256, sha) : null
            : Hex(sibling, "blobId", 40) is { } blob ? new FileDigest(DigestKind.GitBlob, blob) : null;
        return new(name, Number(sibling, "size") ?? (lfs is { } stored ? Number(stored, "size") : null), digest);
    }

    private static JsonElement? Object(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Hex(JsonElement at, string name, int length) => Text(at, name) is { } text && text.Length == length && text.All(char.IsAsciiHexDigitLower) ? text : null;

    private static long? Number(JsonElement at, string name) => at.TryGetProperty(name, out var value) && Count(value) is { } count ? count : null;

    // What no model has is not told: nothing that is computed from it may overflow.
    private static long? Count(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var count) && count is >= 0 and <= 1e15 ? (long)count : null;
}
