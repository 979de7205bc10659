using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Policy;

/// <summary>What the policy is tuned by.</summary>
/// <param name="TargetUtilisation">Share of an endpoint's concurrency that a node should carry on average, above 0, at most 1.</param>
/// <param name="Window">Time over which <see cref="Demand.Average"/> is taken.</param>
/// <param name="Stabilisation">Time over which <see cref="Demand.Peak"/> is taken.</param>
public sealed record Tuning(double TargetUtilisation, TimeSpan Window, TimeSpan Stabilisation);

/// <summary>What the proxies' reports say about an endpoint.</summary>
/// <param name="Average">
/// Requests at once, in flight and waiting, averaged over the window. What was not reported counts as nothing: it is never more than the truth.
/// </param>
/// <param name="Peak">The highest average in the stabilisation window; null when not every known proxy reported all of it.</param>
/// <param name="Quiet">How long every known proxy has reported, without a gap, that there was no request; zero when one is silent.</param>
/// <param name="Proxies">Proxies known.</param>
/// <param name="Silent">Those of them that are silent.</param>
/// <param name="ReportAge">Time since the last report.</param>
public readonly record struct Demand(double Average, double? Peak, TimeSpan Quiet, int Proxies, int Silent, TimeSpan ReportAge);

/// <summary>An endpoint that is up.</summary>
/// <param name="Scaling">Its owner's bounds.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Ready">Nodes that serve.</param>
/// <param name="Starting">How long there have been nodes on their way; zero when there are none.</param>
/// <param name="Demand">What is asked of it.</param>
public readonly record struct Situation(Scaling Scaling, int Wanted, int Ready, TimeSpan Starting, Demand Demand);

/// <summary>What should be done.</summary>
public abstract record Verdict
{
    private protected Verdict() { }
}

/// <summary>Nothing.</summary>
public sealed record Stay : Verdict
{
    private Stay() { }

    /// <summary>The one instance.</summary>
    public static Stay AsItIs { get; } = new();
}

/// <summary>Have another number of nodes.</summary>
/// <param name="Nodes">How many; never below one nor the owner's minimum, never above the owner's maximum.</param>
/// <param name="Reason">Why, in words and numbers.</param>
public sealed record Scale(int Nodes, string Reason) : Verdict;

/// <summary>Sleep.</summary>
/// <param name="Reason">Why, in words and numbers.</param>
public sealed record Hibernate(string Reason) : Verdict;

/// <summary>
/// How many nodes an endpoint should have.
/// <list type="number">
/// <item>Sleep, when the owner allows none (<c>min</c> 0) and every known proxy reported no request for the whole idle time.</item>
/// <item>Go up at once, to as many nodes as carry the average load at the target utilisation of the endpoint's concurrency.</item>
/// <item>While nodes are on their way, requests pile up that those nodes were ordered for. Once a window has passed since the first
/// was ordered, order more only for load that would fill all of them to their whole concurrency, and only as many as take it at that.</item>
/// <item>Go down only to what the highest average of the stabilisation window needs, with a tenth to spare, so that a load at the
/// edge between two numbers does not flap; and only when nothing of that window is missing.</item>
/// <item>Never below one node nor the owner's minimum, never above the maximum.</item>
/// </list>
/// Pure: the same situation gives the same verdict, and no verdict rests on a report that is missing.
/// </summary>
public static class ScalingPolicy
{
    /// <summary>Share of the target that a smaller number of nodes must have left after going down.</summary>
    public const double Spare = 0.1;

    // 11.2 / (0.7 × 16) is a hair above 1 in binary, and must not cost a node.
    private const double Rounding = 1e-9;

    /// <summary>Decides.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="tuning">How the policy is tuned.</param>
    public static Verdict Decide(in Situation it, Tuning tuning)
    {
        if (IsIdle(it)) return new Hibernate(WhyIdle(it));

        var upAt = it.Starting > tuning.Window ? it.Scaling.Concurrency : it.Scaling.Concurrency * tuning.TargetUtilisation;
        var needed = Within(it.Scaling, it.Demand.Average / upAt);
        if (needed > it.Wanted) return new Scale(needed, WhyUp(it, tuning, upAt, needed));

        if (it.Demand.Peak is not { } peak) return Stay.AsItIs;
        var downAt = it.Scaling.Concurrency * tuning.TargetUtilisation * (1 - Spare);
        var enough = Within(it.Scaling, peak / downAt);
        return enough < it.Wanted ? new Scale(enough, WhyDown(it, tuning, peak, downAt, enough)) : Stay.AsItIs;
    }

    private static bool IsIdle(in Situation it) =>
        it.Scaling.Min == 0 && it.Demand is { Proxies: > 0, Silent: 0 } && it.Demand.Quiet >= TimeSpan.FromSeconds(it.Scaling.IdleSeconds);

    private static int Within(Scaling scaling, double nodes) =>
        Math.Min(scaling.Max, Math.Max(Math.Max(1, scaling.Min), (int)Math.Ceiling(nodes - Rounding)));

    private static string WhyIdle(in Situation it) =>
        $"No request for {Math.Floor(it.Demand.Quiet.TotalSeconds)} s (idle time {it.Scaling.IdleSeconds} s) at {Count(it.Demand.Proxies, "proxy", "proxies")}; last report {it.Demand.ReportAge.TotalSeconds:0.0} s ago";

    private static string WhyUp(in Situation it, Tuning tuning, double perNode, int nodes) =>
        $"{AtLeast(it.Demand)}{it.Demand.Average:0.0} requests at once over {tuning.Window.TotalSeconds} s on {Nodes(it)}; {(it.Starting > tuning.Window ? "room for" : "target")} {perNode:0.0} a node → {Count(nodes, "node", "nodes")} (max {it.Scaling.Max})";

    private static string WhyDown(in Situation it, Tuning tuning, double peak, double perNode, int nodes) =>
        $"At most {peak:0.0} requests at once in the last {tuning.Stabilisation.TotalSeconds} s on {Nodes(it)}; down at {perNode:0.0} a node → {Count(nodes, "node", "nodes")} (min {it.Scaling.Min})";

    private static string AtLeast(in Demand demand) => demand.Silent == 0 ? "" : $"{Count(demand.Silent, "proxy is", "proxies are")} silent; at least ";

    private static string Nodes(in Situation it) => it.Ready >= it.Wanted
        ? Count(it.Wanted, "node", "nodes")
        : $"{Count(it.Ready, "node", "nodes")} and {it.Wanted - it.Ready} on the way";

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
