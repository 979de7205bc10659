using System.Text.Json;

namespace Hypervize.Sizing.Weights;

/// <summary>The index of sharded weights: which file holds which tensor.</summary>
internal static class WeightIndex
{
    /// <summary>The facts, with what an index tells.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="index">The index.</param>
    public static ModelFacts Into(ModelFacts facts, JsonElement index) => facts with
    {
        IndexedFiles = index.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().Select(t => t.Value.ToString()).ToHashSet(StringComparer.Ordinal)
            : facts.IndexedFiles,
        IndexedBytes = index.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("total_size", out var total) && total.ValueKind == JsonValueKind.Number && total.TryGetDouble(out var bytes) && bytes is > 0 and <= 1e15 ? (long)bytes : facts.IndexedBytes,
    };
}
