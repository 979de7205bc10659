using System.Globalization;
using System.Text.RegularExpressions;
using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.Analysis;

/// <summary>How large a model's weights are.</summary>
/// <param name="Stored">Bytes as they are stored.</param>
/// <param name="Loaded">Bytes as a runtime holds them.</param>
/// <param name="Source">Where that comes from.</param>
/// <param name="IsEstimate">Whether it is a guess.</param>
internal sealed record WeightSize(long Stored, long Loaded, string Source, bool IsEstimate)
{
    private const int BytesOfAComputedFloat = 2;

    /// <summary>The size; null when nothing that was read tells it.</summary>
    /// <param name="facts">What was read.</param>
    /// <param name="quantization">How the config says that the weights are quantised; null when they are not.</param>
    /// <param name="torchDtype">The dtype that the config names.</param>
    public static WeightSize? Of(ModelFacts facts, string? quantization, string? torchDtype)
    {
        var byDtype = facts.ParametersByDtype is { Count: > 0 } told ? told : null;
        if (quantization is not null && (byDtype is null || byDtype.Keys.Any(Dtypes.IsPacking)))
            return OfFiles(facts) ?? OfIndex(facts) ?? (byDtype is null ? null : OfElements(byDtype, quantization) is { } packed ? packed with { IsEstimate = true } : null);
        return (byDtype is null ? null : OfElements(byDtype, quantization)) ?? OfTotal(facts, torchDtype) ?? OfIndex(facts) ?? OfFiles(facts);
    }

    /// <summary>
    /// The files that are loaded: at the root, those that the index names; without an index, safetensors before PyTorch's, and one set of
    /// them: repositories also carry consolidated copies, other precisions and optimizers' states.
    /// </summary>
    /// <param name="facts">What was read.</param>
    public static IReadOnlyList<ModelFile> LoadedFiles(ModelFacts facts)
    {
        var root = facts.Files.Where(f => !f.Path.Contains('/')).ToList();
        if (facts.IndexedFiles is { Count: > 0 } indexed) return [.. root.Where(f => indexed.Contains(f.Path))];
        foreach (var set in (Regex[])[ModelSafetensors, AnySafetensors, PyTorch])
            if (root.Where(f => set.IsMatch(f.Path)).ToList() is { Count: > 0 } files)
                // A set of shards beside a single file is the same model twice.
                return files.Where(f => Shard.IsMatch(f.Path)).ToList() is { Count: > 0 } shards ? shards : [.. files.Take(set == AnySafetensors ? files.Count : 1)];
        return [];
    }

    private static readonly Regex ModelSafetensors = new(@"\Amodel(-\d+-of-\d+)?\.safetensors\z", RegexOptions.CultureInvariant);
    private static readonly Regex AnySafetensors = new(@"\A(?!consolidated|adapter_|.*\.(fp16|fp32|bf16)\.).*\.safetensors\z", RegexOptions.CultureInvariant);
    private static readonly Regex PyTorch = new(@"\Apytorch_model(-\d+-of-\d+)?\.bin\z", RegexOptions.CultureInvariant);
    private static readonly Regex Shard = new(@"-\d+-of-\d+\.", RegexOptions.CultureInvariant);

    private static WeightSize? OfElements(IReadOnlyDictionary<string, long> byDtype, string? quantization)
    {
        // The Hub counts MXFP4's parameters, two to a byte; each 32 of them share a scale of a byte.
        double? BitsOf(string dtype) => quantization == "mxfp4" && dtype.Equals("U8", StringComparison.OrdinalIgnoreCase) ? 4 + (8 / 32.0) : Dtypes.BitsOf(dtype);
        if (byDtype.Keys.Any(d => BitsOf(d) is null)) return null;
        long Bytes(Func<string, double> bits) => (long)Math.Ceiling(byDtype.Sum(d => (decimal)d.Value * (decimal)bits(d.Key) / 8));
        return new(
            Bytes(d => BitsOf(d)!.Value),
            // Scales of quantised weights stay as they are.
            Bytes(d => quantization is null && Dtypes.IsWideFloat(d) ? 8 * BytesOfAComputedFloat : BitsOf(d)!.Value),
            $"parameters × bytes of their dtype ({string.Join(", ", byDtype.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key}: {d.Value:N0}")))})", IsEstimate: false);
    }

    private static WeightSize? OfTotal(ModelFacts facts, string? torchDtype) =>
        facts.Parameters is { } parameters and > 0 && Dtypes.BitsOfTorch(torchDtype) is { } bits
            ? new((long)(parameters * bits / 8), (long)(parameters * Math.Min(bits, 8 * BytesOfAComputedFloat) / 8), $"parameters × bytes of the config's {torchDtype}", IsEstimate: false)
            : null;

    private static WeightSize? OfIndex(ModelFacts facts) =>
        facts.IndexedBytes is { } bytes and > 0 ? new(bytes, bytes, "total_size of the safetensors index", IsEstimate: false) : null;

    private static WeightSize? OfFiles(ModelFacts facts)
    {
        var files = LoadedFiles(facts);
        return files.Count > 0 && files.All(f => f.Bytes is > 0) && files.Sum(f => (double)f.Bytes!.Value) <= 1e15
            ? new(files.Sum(f => f.Bytes!.Value), files.Sum(f => f.Bytes!.Value), files.Count == 1 ? $"size of {files[0].Path}" : $"sizes of {files.Count} weight files", IsEstimate: false)
            : null;
    }
}
