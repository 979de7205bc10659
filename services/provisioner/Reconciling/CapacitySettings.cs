using System.ComponentModel.DataAnnotations;
using Hypervize.Provisioner.Capacity;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>How long nodes may take on their way out.</summary>
public sealed class CapacitySettings
{
    /// <summary>Seconds after its release at which a node is stopped whatever it still does.</summary>
    [Range(0, 24 * 3600)] public double DrainSeconds { get; set; } = 300;

    /// <summary>Seconds that a process may take to end after it was asked to, before it is ended.</summary>
    [Range(0, 3600)] public double StopSeconds { get; set; } = 15;

    internal Patience Patience => new(TimeSpan.FromSeconds(DrainSeconds), TimeSpan.FromSeconds(StopSeconds));
}
