using Hypervize.Contracts;

namespace Hypervize.Provisioner.Weights;

/// <summary>What a node loads.</summary>
/// <param name="Model">The model; null when its runtime needs nothing, or loads it by itself.</param>
/// <param name="Adapter">The adapter on top of it; null for none.</param>
public sealed record NodeFiles(LocalWeights? Model, LocalWeights? Adapter)
{
    /// <summary>How it came to be on the node's disk; null when nothing was fetched for it.</summary>
    /// <param name="requestedAt">When the node was asked for.</param>
    public WeightLoad? LoadFor(DateTimeOffset requestedAt) => ((LocalWeights?[])[Model, Adapter]).OfType<LocalWeights>().Where(w => w.Key is not null).ToList() is { Count: > 0 } kept
        ? new(kept.Sum(w => w.Bytes ?? 0), kept.All(w => w.FetchedAt <= requestedAt))
        : null;
}
