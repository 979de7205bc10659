using CsCheck;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>What holds for the policy in every situation.</summary>
public sealed class ScalingPolicyProperties
{
    private const int Iterations = 20_000;

    private static readonly Tuning Tuning = new AutoscalerSettings().Tuning;

    private static readonly Gen<Scaling> Bounds =
        from max in Gen.Int[1, 50]
        from min in Gen.Int[0, max]
        from idle in Gen.Int[1, 3600]
        from concurrency in Gen.Int[1, 256]
        from perMinute in Gen.Int[1, 10_000].Nullable()
        select new Scaling(min, max, idle, concurrency, perMinute);

    private static readonly Gen<Load> Loads =
        from atOnce in Gen.OneOf(Gen.Double[0, 50], Gen.Double[0, 20_000])
        from perMinute in Gen.OneOf(Gen.Double[0, 500], Gen.Double[0, 500_000])
        select new Load(atOnce, perMinute);

    private static readonly Gen<Situation> Situations =
        from bounds in Bounds
        from wanted in Gen.Int[Math.Max(1, bounds.Min), bounds.Max]
        from ready in Gen.Int[0, wanted]
        from starting in Gen.Int[0, 600]
        from panic in Gen.Int[0, 100].Nullable()
        from average in Loads
        from burst in Loads
        from above in Loads
        from complete in Gen.Bool
        from quiet in Gen.Int[0, 4000]
        from proxies in Gen.Int[0, 3]
        from silent in Gen.Int[0, proxies]
        select new Situation(
            bounds, wanted, ready, TimeSpan.FromSeconds(ready < wanted ? starting : 0), panic is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            new(average, burst, complete ? new Load(average.AtOnce + above.AtOnce, average.PerMinute + above.PerMinute) : null, TimeSpan.FromSeconds(quiet), proxies, silent, TimeSpan.Zero));

    [Fact]
    public void Never_above_the_maximum_nor_below_the_minimum_nor_below_one() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning).Nodes is var nodes && ((nodes == 0 && it.Scaling.Min == 0) || (nodes <= it.Scaling.Max && nodes >= Math.Max(1, it.Scaling.Min))), iter: Iterations);

    [Fact]
    public void Never_down_in_a_panic() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is not { IsPanic: true } decided || decided.Nodes >= it.Wanted, iter: Iterations);

    [Fact]
    public void More_load_never_means_fewer_nodes() => Gen.Select(Situations, Loads).Sample((less, more) =>
    {
        less = less with { Demand = less.Demand with { Quiet = TimeSpan.Zero } };
        var demand = less.Demand with { Average = Plus(less.Demand.Average), Burst = Plus(less.Demand.Burst), Peak = less.Demand.Peak is { } peak ? Plus(peak) : null };
        return ScalingPolicy.Decide(less, Tuning).Nodes <= ScalingPolicy.Decide(less with { Demand = demand }, Tuning).Nodes;

        Load Plus(Load load) => new(load.AtOnce + more.AtOnce, load.PerMinute + more.PerMinute);
    }, iter: Iterations);

    [Fact]
    public void A_decision_that_was_followed_is_not_taken_back_and_repeated_only_where_a_rate_held_it() => Situations.Sample(it =>
    {
        var decided = ScalingPolicy.Decide(it, Tuning);
        if (decided.Nodes == 0) return true;
        var next = ScalingPolicy.Decide(it with { Wanted = decided.Nodes, Ready = Math.Min(it.Ready, decided.Nodes), SincePanic = decided.IsBurst ? TimeSpan.Zero : it.SincePanic }, Tuning).Nodes;
        return decided.Clamps.Any(c => c.Rule is ScalingRule.UpRate or ScalingRule.DownRate)
            ? decided.Nodes > it.Wanted ? next >= decided.Nodes : next <= decided.Nodes
            : next == decided.Nodes;
    }, iter: Iterations);

    [Fact]
    public void Nothing_sleeps_or_shrinks_on_missing_data() => Situations.Sample(it =>
    {
        var blind = it with { Demand = it.Demand with { Peak = null, Quiet = TimeSpan.Zero, Silent = it.Demand.Proxies } };
        return ScalingPolicy.Decide(blind, Tuning).Nodes >= blind.Wanted;
    }, iter: Iterations);

    [Fact]
    public void Only_an_endpoint_without_a_minimum_sleeps_and_only_after_its_idle_time() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning).Nodes > 0
        || (it.Scaling.Min == 0 && it.Demand is { Proxies: > 0, Silent: 0 } && it.Demand.Quiet.TotalSeconds >= it.Scaling.IdleSeconds), iter: Iterations);

    [Fact]
    public void More_nodes_are_ordered_only_when_the_load_fills_the_ordered_ones_to_the_target() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is var decided
        && (decided.Nodes <= it.Wanted
            || decided.Load.AtOnce > it.Wanted * it.Scaling.Concurrency * Tuning.TargetUtilisation
            || decided.Load.PerMinute > it.Wanted * it.Scaling.RequestsPerMinute * Tuning.TargetUtilisation), iter: Iterations);

    /// <summary>Whoever has only the explanation, and what the policy's documentation says, comes to the same number.</summary>
    [Fact]
    public void The_arithmetic_of_an_explanation_comes_to_its_result() => Situations.Sample(it =>
    {
        var said = ScalingPolicy.Decide(it, Tuning);
        if (said.Nodes == 0) return said.Clamps.Count == 0;
        var (atOnce, perMinute) = (it.Scaling.Concurrency * Tuning.TargetUtilisation, it.Scaling.RequestsPerMinute * Tuning.TargetUtilisation);
        Assert.Equal(Math.Max(said.Load.AtOnce / atOnce, said.Load.PerMinute / perMinute ?? 0), said.Needed, 6);
        var nodes = (int)Math.Ceiling(said.Needed - 1e-9);
        foreach (var clamp in said.Clamps)
        {
            Assert.Equal(nodes, clamp.From);
            var lowers = clamp.Rule is ScalingRule.OnTheWay or ScalingRule.UpRate or ScalingRule.Maximum;
            Assert.Equal(lowers, clamp.To < clamp.From);
            nodes = clamp.To;
        }
        return nodes == said.Nodes && said.InWords().Length is > 0 and < 600;
    }, iter: Iterations);
}
