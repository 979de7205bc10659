using CsCheck;
using Hypervize.Autoscaler.Policy;
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
        select new Scaling(min, max, idle, concurrency);

    private static readonly Gen<Situation> Situations =
        from bounds in Bounds
        from wanted in Gen.Int[Math.Max(1, bounds.Min), bounds.Max]
        from ready in Gen.Int[0, wanted]
        from starting in Gen.Int[0, 600]
        from average in Gen.OneOf(Gen.Double[0, 50], Gen.Double[0, 20_000])
        from above in Gen.Double[0, 50]
        from complete in Gen.Bool
        from quiet in Gen.Int[0, 4000]
        from proxies in Gen.Int[0, 3]
        from silent in Gen.Int[0, proxies]
        select new Situation(
            bounds, wanted, ready, TimeSpan.FromSeconds(ready < wanted ? starting : 0),
            new(average, complete ? average + above : null, TimeSpan.FromSeconds(quiet), proxies, silent, TimeSpan.Zero));

    [Fact]
    public void Never_above_the_maximum_nor_below_the_minimum_nor_below_one() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is not Scale to || (to.Nodes <= it.Scaling.Max && to.Nodes >= Math.Max(1, it.Scaling.Min)), iter: Iterations);

    [Fact]
    public void More_load_never_means_fewer_nodes() => Gen.Select(Situations, Gen.Double[0, 1000]).Sample((less, more) =>
    {
        less = less with { Demand = less.Demand with { Quiet = TimeSpan.Zero } };
        return Nodes(less) <= Nodes(less with { Demand = less.Demand with { Average = less.Demand.Average + more, Peak = less.Demand.Peak + more } });
    }, iter: Iterations);

    [Fact]
    public void A_decision_that_was_followed_is_not_repeated_nor_taken_back() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is not Scale to
        || ScalingPolicy.Decide(it with { Wanted = to.Nodes, Ready = Math.Min(it.Ready, to.Nodes) }, Tuning) is Stay, iter: Iterations);

    [Fact]
    public void Nothing_sleeps_or_shrinks_on_missing_data() => Situations.Sample(it =>
    {
        var blind = it with { Demand = it.Demand with { Peak = null, Quiet = TimeSpan.Zero, Silent = it.Demand.Proxies } };
        return ScalingPolicy.Decide(blind, Tuning) is Stay or Scale && Nodes(blind) >= blind.Wanted;
    }, iter: Iterations);

    [Fact]
    public void Only_an_endpoint_without_a_minimum_sleeps_and_only_after_its_idle_time() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is not Hibernate
        || (it.Scaling.Min == 0 && it.Demand is { Proxies: > 0, Silent: 0 } && it.Demand.Quiet.TotalSeconds >= it.Scaling.IdleSeconds), iter: Iterations);

    [Fact]
    public void More_nodes_are_ordered_only_when_the_load_fills_the_ordered_ones_to_the_target() => Situations.Sample(it =>
        ScalingPolicy.Decide(it, Tuning) is not Scale to || to.Nodes <= it.Wanted
        || it.Demand.Average > it.Wanted * it.Scaling.Concurrency * Tuning.TargetUtilisation, iter: Iterations);

    private static int Nodes(Situation it) => ScalingPolicy.Decide(it, Tuning) switch
    {
        Scale to => to.Nodes,
        Hibernate => 0,
        _ => it.Wanted,
    };
}
