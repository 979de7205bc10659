using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>What the policy found, in few words.</summary>
public static class FindingWords
{
    /// <summary>What changed by it, or how many nodes stayed.</summary>
    /// <param name="found">What was found.</param>
    public static string Nodes(Finding found) =>
        found.Nodes == found.Wanted ? Words.Count(found.Nodes, "node") : found.Nodes == 0 ? $"{found.Wanted} → asleep" : $"{found.Wanted} → {Words.Count(found.Nodes, "node")}";

    /// <summary>Why, in a few words.</summary>
    /// <param name="found">What was found.</param>
    public static string Reason(Finding found) => found switch
    {
        { Nodes: 0 } => "No request for the idle time",
        { Rules.Count: 0 } => found.IsPanic ? "What the burst needs" : "What the load needs",
        _ => string.Join(", ", found.Rules.Select(r => Short(r.Rule)).Distinct()),
    };

    /// <summary>Whether the number of nodes changed by it.</summary>
    /// <param name="found">What was found.</param>
    public static bool IsDecision(Finding found) => found.Nodes != found.Wanted;

    /// <summary>What a rule says.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="scaling">How the endpoint may scale.</param>
    public static string Of(ScalingRule rule, Scaling scaling) => rule switch
    {
        ScalingRule.OnTheWay => "Nodes on their way take what has piled up",
        ScalingRule.UpRate => "No more than so many times the nodes that serve, by one decision",
        ScalingRule.Stabilisation => "The load was higher a short while ago: nodes stay for now",
        ScalingRule.Unreported => "Reports are missing: no node leaves until they are there",
        ScalingRule.Panic => "There was a burst a short while ago: no node leaves",
        ScalingRule.DownRate => "Only so many nodes leave by one decision",
        ScalingRule.Minimum => scaling.Min == 0 ? "One while it is up" : $"At least {Words.Count(scaling.Min, "node")}: the minimum",
        ScalingRule.Maximum => $"At most {Words.Count(scaling.Max, "node")}: the maximum",
    };

    private static string Short(ScalingRule rule) => rule switch
    {
        ScalingRule.OnTheWay => "Nodes are on their way",
        ScalingRule.UpRate => "So many more at most",
        ScalingRule.Stabilisation => "Load was higher just before",
        ScalingRule.Unreported => "Reports are missing",
        ScalingRule.Panic => "A burst just before",
        ScalingRule.DownRate => "So many fewer at most",
        ScalingRule.Minimum => "Minimum",
        ScalingRule.Maximum => "Maximum",
    };
}
