using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>A change of the number of nodes.</summary>
/// <param name="Second">When, seconds after the traffic began.</param>
/// <param name="From">Nodes before it.</param>
/// <param name="To">Nodes after it.</param>
/// <param name="Why">Why; null when a request woke the endpoint.</param>
public readonly record struct Change(int Second, int From, int To, Explanation? Why);

/// <summary>A part of the time, to be drawn.</summary>
/// <param name="Second">When it begins, seconds after the traffic began.</param>
/// <param name="Demand">Requests at once, at nodes and waiting, on average.</param>
/// <param name="Nodes">Nodes that serve, on average.</param>
/// <param name="Waiting">The most requests that waited.</param>
public readonly record struct Slice(int Second, double Demand, double Nodes, double Waiting);

/// <summary>What came of it.</summary>
/// <param name="Requests">Requests that came.</param>
/// <param name="Refused">Those of them that waited for as long as they are held.</param>
/// <param name="NodeHours">Hours of nodes, from ready until drained.</param>
/// <param name="ServedHours">Hours in which there was a node, for what is charged by endpoint.</param>
/// <param name="Wakes">How often it was woken.</param>
/// <param name="Changes">Every change, in order of time.</param>
/// <param name="Chart">The whole time, in parts.</param>
/// <param name="Waits">How many requests waited for so many seconds, by seconds: less than one, one, two…</param>
public sealed record Outcome(
    double Requests, double Refused, double NodeHours, double ServedHours, int Wakes, IReadOnlyList<Change> Changes, IReadOnlyList<Slice> Chart, IReadOnlyList<double> Waits)
{
    /// <summary>The whole seconds within which a share of the requests was let through to a node or refused.</summary>
    /// <param name="share">The share, above 0, at most 1.</param>
    public int Wait(double share)
    {
        var left = share * Waits.Sum();
        for (var second = 0; second < Waits.Count; second++)
            if ((left -= Waits[second]) <= 1e-6) return second;
        return Math.Max(0, Waits.Count - 1);
    }
}
