using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Fit;

/// <summary>Among how many GPUs of a node a model can be split.</summary>
public static class Splits
{
    private static readonly int[] Assumed = [1, 2, 4, 8, 16];

    /// <summary>Whether it can be split among a number of GPUs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpus">GPUs.</param>
    public static bool IsValid(ModelAnalysis model, int gpus) => model switch
    {
        _ when gpus == 1 => true,
        { Format: WeightFormat.Safetensors } when model.SplitUnits.Any(unit => unit % gpus != 0) => false,
        { Format: WeightFormat.Gguf } => gpus <= model.Layers.Sum(l => l.Count),
        { Layers.Count: 0 } => false, // An encoder is small.
        { Heads: not { } } => Assumed.Contains(gpus),
        { Heads: { } heads, Mla: not null } => heads % gpus == 0,
        { Heads: { } heads, KvHeads: { } kvHeads } => heads % gpus == 0 && (kvHeads % gpus == 0 || gpus % kvHeads == 0),
        { Heads: { } heads } => Assumed.Contains(gpus) && heads % gpus == 0,
    };

    /// <summary>The most GPUs of a node that it can be split among.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpus">GPUs of the node.</param>
    public static int Most(ModelAnalysis model, int gpus) => Enumerable.Range(1, gpus).Last(n => IsValid(model, n));
}
