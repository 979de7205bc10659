using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Fit;

/// <summary>What an endpoint is asked to hold.</summary>
/// <param name="Context">Tokens of the longest sequence; null for the default.</param>
/// <param name="Concurrency">Sequences of that length that must be held at once.</param>
/// <param name="Quantization">How weights are quantised while they are loaded: <c>fp8</c> or <c>bitsandbytes</c>; null for as they are stored.</param>
public sealed record Ask(int? Context = null, int Concurrency = 1, string? Quantization = null)
{
    /// <summary>Context where none is asked for: enough for chats; a longer one costs memory, and is asked for.</summary>
    public const int DefaultContext = 8192;

    /// <summary>Tokens of the longest sequence.</summary>
    /// <param name="model">The model.</param>
    public int ContextOf(ModelAnalysis model) => Context ?? Math.Min(DefaultContext, model.MaxContext);
}

/// <summary>
/// GPU memory that a model needs. The overheads are those that Kaito measured of vLLM; llama.cpp's are not above them.
/// Source: https://github.com/kaito-project/kaito (model memory estimation).
/// </summary>
public static class Need
{
    /// <summary>Part of a GPU's memory that the runtime is given. Always passed on: vLLM's default moved from 0.9 to 0.92.</summary>
    public const double Utilization = 0.9;

    /// <summary>Sequences that a runtime takes at once where memory sets no limit: vLLM's own default.</summary>
    public const int MostSequences = 256;

    private const double WeightsAllocated = 1.02;
    private const double ActivationBytes = 1.7 * GiB;
    private const double OutsideBytes = 0.6 * GiB;
    private const double GiB = 1024L * 1024 * 1024;

    // vLLM hands out its cache in blocks of so many tokens.
    private const int BlockTokens = 16;

    // What is quantised while loading keeps embeddings as they are; the rest shrinks from 16 bits to 8, or to 4 and their scales.
    private const double Fp8 = 8.0 / 16, BitsAndBytes = 4.5 / 16;

    /// <summary>Ways to quantise weights while they are loaded.</summary>
    public static IReadOnlyList<string> Quantizations { get; } = ["fp8", "bitsandbytes"];

    /// <summary>Bytes that one of several GPUs needs before anything is served: its part of the weights, and what the runtime takes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpus">GPUs it is split among.</param>
    /// <param name="quantization">How weights are quantised while they are loaded.</param>
    public static double FixedBytes(ModelAnalysis model, int gpus, string? quantization) =>
        LoadedBytes(model, quantization) * (1 + model.Margin) * WeightsAllocated / gpus + ActivationBytes + OutsideBytes;

    /// <summary>Bytes that a GPU's runtime may use in all.</summary>
    /// <param name="memoryMib">The GPU's memory, MiB.</param>
    public static double BudgetBytes(int memoryMib) => memoryMib * 1024.0 * 1024 * Utilization;

    /// <summary>Bytes that a sequence keeps on one of several GPUs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpus">GPUs it is split among.</param>
    /// <param name="tokens">Its length.</param>
    public static double SequenceBytes(ModelAnalysis model, int gpus, int tokens) =>
        model.Layers.Sum(layer => layer.Count * PerTokenBytes(model.Format, layer, gpus) * Blocks(Math.Min(tokens, layer.Window ?? int.MaxValue))) * (1 + model.Margin);

    /// <summary>Why weights can't be quantised as is asked for while they are loaded; null when they can.</summary>
    /// <param name="model">The model.</param>
    /// <param name="quantization">What is asked for; null for nothing.</param>
    public static ModelRefusal? Refusal(ModelAnalysis model, string? quantization)
    {
        ModelRefusal Unsupported(string why) => new(ModelProblem.Unsupported, why);
        if (quantization is null || (model.Format == WeightFormat.Gguf && quantization.Equals(model.Quantization, StringComparison.OrdinalIgnoreCase))) return null;
        if (model.Format == WeightFormat.Gguf) return Unsupported($"{model.Model} is in GGUF format, which is loaded as it is: {quantization} is none of its files. It is quoted in {model.Quantization}.");
        if (!Quantizations.Contains(quantization)) return Unsupported($"Weights can be quantised to {string.Join(" or ", Quantizations)} while they are loaded, not to {quantization}.");
        return model.Quantization is null || model.Quantization == quantization ? null
            : Unsupported($"{model.Model} is quantised already, as {model.Quantization}: it can't be quantised to {quantization} while it is loaded. Leave that out, or choose its unquantised version.");
    }

    /// <summary>Bytes of the weights as they are held.</summary>
    /// <param name="model">The model.</param>
    /// <param name="quantization">How weights are quantised while they are loaded.</param>
    public static double LoadedBytes(ModelAnalysis model, string? quantization) => quantization switch
    {
        _ when model.Quantization is not null => model.LoadedBytes + (model.Adapter?.Bytes ?? 0),
        "fp8" => Shrunk(model, Fp8),
        "bitsandbytes" => Shrunk(model, BitsAndBytes),
        _ => model.LoadedBytes + (model.Adapter?.Bytes ?? 0),
    };

    private static double Shrunk(ModelAnalysis model, double to) => model.EmbeddingBytes + ((model.LoadedBytes - model.EmbeddingBytes) * to) + (model.Adapter?.Bytes ?? 0);

    // llama.cpp gives each GPU some layers; vLLM gives each some heads, one at least, and all of what heads share.
    private static double PerTokenBytes(WeightFormat format, CachedLayers layer, int gpus) => format switch
    {
        WeightFormat.Gguf => (double)layer.BytesPerToken / gpus,
        WeightFormat.Safetensors when layer.KvHeads == 0 => layer.BytesPerToken,
        WeightFormat.Safetensors => (double)layer.BytesPerToken / layer.KvHeads * Math.Ceiling((double)layer.KvHeads / gpus),
    };

    private static double Blocks(int tokens) => Math.Ceiling(tokens / (double)BlockTokens) * BlockTokens;
}
