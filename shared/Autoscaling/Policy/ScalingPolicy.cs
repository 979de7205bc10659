using Hypervize.Contracts;

namespace Hypervize.Autoscaling.Policy;

/// <summary>What the policy is tuned by.</summary>
/// <param name="TargetUtilisation">Share of what a node may carry that it should carry on average, above 0, at most 1.</param>
/// <param name="Window">Time over which <see cref="Demand.Average"/> is taken, and for which a panic lasts. <see cref="Demand.Burst"/> is taken over a tenth of it.</param>
/// <param name="Stabilisation">Time over which <see cref="Demand.Peak"/> is taken.</param>
/// <param name="PanicAt">How many times the target of the nodes that there are, or are on their way, a burst must be for a panic.</param>
/// <param name="UpRate">How many times the nodes that serve there may be after one decision.</param>
/// <param name="DownRate">How many times the nodes that are left there may have been before one decision.</param>
public sealed record Tuning(double TargetUtilisation, TimeSpan Window, TimeSpan Stabilisation, double PanicAt, double UpRate, double DownRate)
{
    /// <summary>How it is tuned where nobody said otherwise: by simulations, of which decision 17 tells.</summary>
    public static Tuning Default { get; } = new(0.8, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40), PanicAt: 1.5, UpRate: 100, DownRate: 2);

    /// <summary>Time over which <see cref="Demand.Burst"/> is taken.</summary>
    public TimeSpan PanicWindow => new(Window.Ticks / 10);

    /// <summary>The tuning of an endpoint.</summary>
    /// <param name="own">Its own values; null for none.</param>
    public Tuning With(ScalingTuning? own) => own is null ? this : new(
        own.Utilisation ?? TargetUtilisation, Seconds(own.WindowSeconds) ?? Window, Seconds(own.StabilisationSeconds) ?? Stabilisation,
        own.PanicAt ?? PanicAt, own.UpRate ?? UpRate, own.DownRate ?? DownRate);

    private static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}

/// <summary>What is asked of an endpoint.</summary>
/// <param name="AtOnce">Requests at once, in flight and waiting.</param>
/// <param name="PerMinute">Requests that arrive per minute.</param>
public readonly record struct Load(double AtOnce, double PerMinute)
{
    /// <summary>The larger of each.</summary>
    /// <param name="other">Another load.</param>
    public Load OrMore(Load other) => new(Math.Max(AtOnce, other.AtOnce), Math.Max(PerMinute, other.PerMinute));
}

/// <summary>What the proxies' reports say about an endpoint. What was not reported counts as nothing: no load is ever more than the truth.</summary>
/// <param name="Average">The average over the window.</param>
/// <param name="Burst">The average over the panic window.</param>
/// <param name="Peak">The highest load that counted (<see cref="Explanation.Load"/>) in the stabilisation window; null when not every known proxy reported all of it.</param>
/// <param name="Quiet">How long every known proxy has reported, without a gap, that there was no request; zero when one is silent.</param>
/// <param name="Proxies">Proxies known.</param>
/// <param name="Silent">Those of them that are silent.</param>
/// <param name="ReportAge">Time since the last report.</param>
public readonly record struct Demand(Load Average, Load Burst, Load? Peak, TimeSpan Quiet, int Proxies, int Silent, TimeSpan ReportAge)
{
    /// <summary>The highest load of the stabilisation window, that of this moment included: who went down to less would have to come up again.</summary>
    public Load? Highest => Peak?.OrMore(Average).OrMore(Burst);
}

/// <summary>An endpoint that is up.</summary>
/// <param name="Scaling">Its owner's bounds and targets.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Ready">Nodes that serve.</param>
/// <param name="Starting">How long there have been nodes on their way; zero when there are none.</param>
/// <param name="SincePanic">How long ago the last burst was that caused a panic; null when there was none.</param>
/// <param name="Demand">What is asked of it.</param>
public readonly record struct Situation(Scaling Scaling, int Wanted, int Ready, TimeSpan Starting, TimeSpan? SincePanic, Demand Demand);

/// <summary>
/// How many nodes an endpoint should have. Pure: the same situation gives the same answer, and none rests on a report that is missing.
/// <list type="number">
/// <item>None, when the owner allows none (<c>min</c> 0) and every known proxy reported no request for the whole idle time.</item>
/// <item>Else as many as carry the average load at the target: the requests at once, and the requests per minute where the owner set a number for them,
/// whichever needs more nodes.</item>
/// <item>A burst of <see cref="Tuning.PanicAt"/> times the target, in a tenth of the window, is a panic: the burst counts like the average, and there are no
/// fewer nodes until a window has passed without one.</item>
/// <item>While nodes are on their way, requests pile up that those nodes were ordered for. Once a panic window has passed since the first was ordered, more are
/// ordered only for a load that would fill all of them to their whole concurrency, and only as many as take it at that.</item>
/// <item>Up to <see cref="Tuning.UpRate"/> times the nodes that serve by one decision.</item>
/// <item>No fewer than the highest load of the stabilisation window needs, with a tenth to spare, so that a load at the edge between two numbers does not
/// flap; and no fewer at all while something of that window is missing.</item>
/// <item>Down to the <see cref="Tuning.DownRate"/>th part by one decision, or by one node where that would be none.</item>
/// <item>Never below one node nor the owner's minimum, never above the maximum.</item>
/// </list>
/// </summary>
public static class ScalingPolicy
{
    /// <summary>Share of the target that a smaller number of nodes must have left after going down.</summary>
    public const double Spare = 0.1;

    // 11.2 / (0.7 × 16) is a hair above 1 in binary, and must not cost a node.
    private const double Rounding = 1e-9;

    /// <summary>Decides, and says why.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="tuning">How the policy is tuned.</param>
    public static Explanation Decide(in Situation it, Tuning tuning)
    {
        var (scaling, demand, target) = (it.Scaling, it.Demand, tuning.TargetUtilisation);
        if (scaling.Min == 0 && demand is { Proxies: > 0, Silent: 0 } && demand.Quiet >= TimeSpan.FromSeconds(scaling.IdleSeconds)) return Explanation.Idle(it, tuning);

        var isBurst = Needed(demand.Burst, scaling, target) >= tuning.PanicAt * it.Wanted;
        var isPanic = isBurst || it.SincePanic < tuning.Window;
        var load = isPanic ? demand.Average.OrMore(demand.Burst) : demand.Average;
        var needed = Needed(load, scaling, target);
        var nodes = new Clamped(Whole(needed));

        if (it.Starting > tuning.PanicWindow) nodes.AtMost(ScalingRule.OnTheWay, Math.Max(it.Wanted, Whole(Needed(load, scaling, 1))));
        nodes.AtMost(ScalingRule.UpRate, Math.Max(it.Wanted, Whole(tuning.UpRate * Math.Max(1, it.Ready))));

        if (demand.Highest is { } highest) nodes.AtLeast(ScalingRule.Stabilisation, Math.Min(it.Wanted, Whole(Needed(highest, scaling, target * (1 - Spare)))));
        else nodes.AtLeast(ScalingRule.Unreported, it.Wanted);
        if (isPanic) nodes.AtLeast(ScalingRule.Panic, it.Wanted);
        // A tenth less of few nodes is no node less: they would never go.
        nodes.AtLeast(ScalingRule.DownRate, Math.Min(Math.Max(1, it.Wanted - 1), Whole(it.Wanted / tuning.DownRate)));

        nodes.AtLeast(ScalingRule.Minimum, Math.Max(1, scaling.Min));
        nodes.AtMost(ScalingRule.Maximum, scaling.Max);
        return new(it, tuning, isBurst, isPanic, load, needed, nodes.Clamps, nodes.Nodes);
    }

    // Nodes, and parts of one, that carry a load at a share of what they may carry.
    private static double Needed(Load load, Scaling scaling, double share) => Math.Max(
        load.AtOnce / (scaling.Concurrency * share), scaling.RequestsPerMinute is { } perMinute ? load.PerMinute / (perMinute * share) : 0);

    private static int Whole(double nodes) => (int)Math.Min(int.MaxValue, Math.Ceiling(nodes - Rounding));

    // A number on its way through the rules, and what they did to it.
    private struct Clamped(int nodes)
    {
        private List<Clamp>? _clamps;

        public int Nodes { get; private set; } = nodes;

        public readonly IReadOnlyList<Clamp> Clamps => _clamps ?? (IReadOnlyList<Clamp>)[];

        public void AtMost(ScalingRule rule, int most) => To(rule, Math.Min(Nodes, most));

        public void AtLeast(ScalingRule rule, int least) => To(rule, Math.Max(Nodes, least));

        private void To(ScalingRule rule, int to)
        {
            if (to == Nodes) return;
            (_clamps ??= []).Add(new(rule, Nodes, to));
            Nodes = to;
        }
    }
}
