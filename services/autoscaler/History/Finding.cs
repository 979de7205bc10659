using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaler.History;

/// <summary>What the policy found for a while, as it is kept and told.</summary>
/// <param name="From">The first evaluation that found it.</param>
/// <param name="To">The last one, so far.</param>
/// <param name="Nodes">How many nodes there should be; 0 to sleep.</param>
/// <param name="Wanted">How many there should have been until then.</param>
/// <param name="Ready">How many served.</param>
/// <param name="IsPanic">Whether there was a panic.</param>
/// <param name="LeastNeeded">Nodes, and parts of one, that the load needed when it needed least.</param>
/// <param name="MostNeeded">The same when it needed most; what follows is of that moment.</param>
/// <param name="AtOnce">Requests at once.</param>
/// <param name="PerMinute">Requests per minute.</param>
/// <param name="Rules">What rules made of the next whole number, in their order.</param>
/// <param name="Words">All of it in a sentence.</param>
public sealed record Finding(
    DateTimeOffset From, DateTimeOffset To, int Nodes, int Wanted, int Ready, bool IsPanic, double LeastNeeded, double MostNeeded, double AtOnce, double PerMinute,
    IReadOnlyList<Clamp> Rules, string Words)
{
    /// <summary>Of a run.</summary>
    /// <param name="run">The run.</param>
    public static Finding Of(VerdictRun run) => new(
        run.From, run.To, run.Most.Nodes, run.Most.It.Wanted, run.Most.It.Ready, run.Most.IsPanic, Math.Round(run.LeastNeeded, 3), Math.Round(run.Most.Needed, 3),
        Math.Round(run.Most.Load.AtOnce, 3), Math.Round(run.Most.Load.PerMinute, 3), run.Most.Clamps, run.Most.InWords());
}
