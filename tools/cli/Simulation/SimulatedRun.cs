using Hypervize.Autoscaling.Simulation;

namespace Hypervize.Cli.Simulation;

/// <summary>One setting, and what came of it.</summary>
/// <param name="Name">What people know it by.</param>
/// <param name="Setup">The setting.</param>
/// <param name="Outcome">What came of it.</param>
internal sealed record SimulatedRun(string Name, Setup Setup, Outcome Outcome)
{
    /// <summary>Simulates it.</summary>
    /// <param name="name">What people know it by.</param>
    /// <param name="traffic">The traffic.</param>
    /// <param name="setup">The setting.</param>
    public static SimulatedRun Of(string name, Traffic traffic, Setup setup) => new(name, setup, Simulator.Run(traffic, setup, slices: 72));
}
