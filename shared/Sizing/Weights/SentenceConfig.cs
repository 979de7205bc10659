using System.Text.Json;

namespace Hypervize.Sizing.Weights;

/// <summary>What sentence-transformers say of a model beside its config: <c>sentence_bert_config.json</c> and its like.</summary>
internal static class SentenceConfig
{
    /// <summary>Tokens that are embedded at most; null when it does not say.</summary>
    /// <param name="document">The document.</param>
    public static int? MaxSequence(JsonElement? document) =>
        document is { ValueKind: JsonValueKind.Object } told && told.TryGetProperty("max_seq_length", out var most) && most.ValueKind == JsonValueKind.Number && most.TryGetInt32(out var tokens) && tokens > 0 ? tokens : null;
}
