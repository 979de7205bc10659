using System.Text;
using System.Text.Json.Serialization;

namespace Hypervize.Autoscaling.Policy;

/// <summary>A rule that keeps the number of nodes from being what the load needs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScalingRule>))]
public enum ScalingRule
{
    /// <summary>Nodes that are on their way take what has piled up.</summary>
    [JsonStringEnumMemberName("on_the_way")] OnTheWay,

    /// <summary>No more than so many times those that serve.</summary>
    [JsonStringEnumMemberName("up_rate")] UpRate,

    /// <summary>The load was higher a short while ago.</summary>
    [JsonStringEnumMemberName("stabilisation")] Stabilisation,

    /// <summary>Reports are missing.</summary>
    [JsonStringEnumMemberName("unreported")] Unreported,

    /// <summary>There was a burst a short while ago.</summary>
    [JsonStringEnumMemberName("panic")] Panic,

    /// <summary>No fewer than so many times less than those that there are.</summary>
    [JsonStringEnumMemberName("down_rate")] DownRate,

    /// <summary>The owner's minimum, or the one node that an endpoint has that is up.</summary>
    [JsonStringEnumMemberName("minimum")] Minimum,

    /// <summary>The owner's maximum.</summary>
    [JsonStringEnumMemberName("maximum")] Maximum,
}

/// <summary>What a rule did.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="From">Nodes before it.</param>
/// <param name="To">Nodes after it.</param>
public readonly record struct Clamp(ScalingRule Rule, int From, int To);

/// <summary>Why an endpoint should have so many nodes: from what was asked of it, through every rule that changed the number, to the result.</summary>
/// <param name="It">The endpoint.</param>
/// <param name="Tuning">How the policy was tuned.</param>
/// <param name="IsBurst">Whether there is a burst that causes a panic.</param>
/// <param name="IsPanic">Whether there is a panic.</param>
/// <param name="Load">The load that counted.</param>
/// <param name="Needed">Nodes, and parts of one, that carry it at the target.</param>
/// <param name="Clamps">What rules made of the next whole number, in their order.</param>
/// <param name="Nodes">How many nodes there should be; 0 to sleep.</param>
public readonly record struct Explanation(
    Situation It, Tuning Tuning, bool IsBurst, bool IsPanic, Load Load, double Needed, IReadOnlyList<Clamp> Clamps, int Nodes)
{
    /// <summary>It should sleep.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="tuning">How the policy was tuned.</param>
    public static Explanation Idle(in Situation it, Tuning tuning) => new(it, tuning, false, false, it.Demand.Average, 0, [], 0);

    /// <summary>Whether nothing should change.</summary>
    public bool Stays => Nodes == It.Wanted;

    /// <summary>The same in words and numbers, in a sentence.</summary>
    public string InWords()
    {
        if (Nodes == 0)
            return $"No request for {Math.Floor(It.Demand.Quiet.TotalSeconds)} s (idle time {It.Scaling.IdleSeconds} s) at {Count(It.Demand.Proxies, "proxy", "proxies")}; last report {It.Demand.ReportAge.TotalSeconds:0.0} s ago";

        var words = new StringBuilder();
        if (It.Demand.Silent > 0) words.Append($"{Count(It.Demand.Silent, "proxy is", "proxies are")} silent; at least ");
        var window = Load == It.Demand.Average ? Tuning.Window : Tuning.PanicWindow;
        words.Append($"{Said(Load)} over {window.TotalSeconds:0.#} s on {Serving()}; target {Said(Target(Tuning.TargetUtilisation))} a node → {Count(Clamps.Count == 0 ? Nodes : Clamps[0].From, "node", "nodes")}");
        foreach (var clamp in Clamps) words.Append($"; {Said(clamp)} → {clamp.To}");
        if (Nodes < It.Wanted && It.Demand.Highest is not null && Clamps.All(c => c.Rule != ScalingRule.Stabilisation)) words.Append($"; {Highest()}");
        return words.ToString();
    }

    private string Said(Clamp clamp) => clamp.Rule switch
    {
        ScalingRule.OnTheWay => $"nodes on their way have room for {Said(Target(1))} each",
        ScalingRule.UpRate => $"at most {Tuning.UpRate:0.#} times those that serve",
        ScalingRule.Stabilisation => $"{Highest()}, down at {Said(Target(Tuning.TargetUtilisation * (1 - ScalingPolicy.Spare)))} a node",
        ScalingRule.Unreported => $"not all of the last {Tuning.Stabilisation.TotalSeconds:0.#} s is reported",
        ScalingRule.Panic => IsBurst ? "a burst" : $"a burst {It.SincePanic!.Value.TotalSeconds:0} s ago",
        ScalingRule.DownRate => $"at most {Tuning.DownRate:0.#} times fewer at once",
        ScalingRule.Minimum => It.Scaling.Min == 0 ? "one while it is up" : $"min {It.Scaling.Min}",
        ScalingRule.Maximum => $"max {It.Scaling.Max}",
    };

    private string Highest() => $"up to {Said(It.Demand.Highest!.Value)} in the last {Tuning.Stabilisation.TotalSeconds:0.#} s";

    private string Serving() => It.Ready >= It.Wanted ? Count(It.Wanted, "node", "nodes") : $"{Count(It.Ready, "node", "nodes")} and {It.Wanted - It.Ready} on the way";

    private Load Target(double share) => new(It.Scaling.Concurrency * share, (It.Scaling.RequestsPerMinute ?? 0) * share);

    private string Said(Load load) => It.Scaling.RequestsPerMinute is null ? $"{load.AtOnce:0.0} requests at once" : $"{load.AtOnce:0.0} requests at once and {load.PerMinute:0} a minute";

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
