using System.ComponentModel.DataAnnotations;

namespace Hypervize.Provisioner.Weights;

/// <summary>Where weights are kept for the nodes of this machine, and how many.</summary>
public sealed class WeightSettings
{
    /// <summary>Folder of the cache; <c>weights</c> in the data directory of local nodes when it is not set. One machine's replicas share it.</summary>
    public string? Directory { get; set; }

    /// <summary>Most that is kept, GB (10⁹ bytes). Less is kept where the disk has less: a gigabyte of it stays free.</summary>
    [Range(0.001, 1_000_000)] public double MaxGb { get; set; } = 500;
}
