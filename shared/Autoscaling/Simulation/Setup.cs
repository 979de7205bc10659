using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>Decides how many nodes there should be; <see cref="ScalingPolicy.Decide"/>, or a rule to compare it with.</summary>
/// <param name="it">The endpoint.</param>
/// <param name="tuning">How the rule is tuned.</param>
public delegate Explanation Decider(in Situation it, Tuning tuning);

/// <summary>An endpoint to be simulated.</summary>
/// <param name="Scaling">Its bounds and targets.</param>
/// <param name="Tuning">How the policy is tuned.</param>
/// <param name="StartSeconds">From the order of a node until it serves.</param>
/// <param name="HoldSeconds">How long a request waits for a node before it is refused.</param>
public sealed record Setup(Scaling Scaling, Tuning Tuning, int StartSeconds, int HoldSeconds)
{
    /// <summary>Nodes that serve when it begins; null for the fewest that it may have.</summary>
    public int? BeginsWith { get; init; }

    /// <summary>Who decides.</summary>
    public Decider Decide { get; init; } = ScalingPolicy.Decide;
}
