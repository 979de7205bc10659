using Hypervize.Autoscaling.Policy;

namespace Hypervize.Bench.Autoscaler;

/// <summary>
/// Knative's rule, as its documentation and <c>pkg/autoscaler/scaling/autoscaler.go</c> have it, with its defaults: 70 % of the concurrency over 60 s, panic at
/// twice what ready pods should have over 6 s, up to 1,000 times and down to half by one decision, no delay on the way down. It decides each second here, and
/// every two seconds there.
/// </summary>
internal static class KnativeRule
{
    public static Tuning Tuning { get; } = new(0.7, TimeSpan.FromSeconds(60), Stabilisation: TimeSpan.FromSeconds(1), PanicAt: 2, UpRate: 1000, DownRate: 2);

    public static Explanation Decide(in Situation it, Tuning tuning)
    {
        var (target, ready) = (it.Scaling.Concurrency * tuning.TargetUtilisation, Math.Max(1, it.Ready));
        var (most, least) = ((int)Math.Ceiling(tuning.UpRate * ready), (int)Math.Floor(ready / tuning.DownRate));
        var (stable, burst) = (Pods(it.Demand.Average.AtOnce), Pods(it.Demand.Burst.AtOnce));
        var isBurst = (double)burst / ready >= tuning.PanicAt;
        var isPanic = isBurst || it.SincePanic < tuning.Window;
        var nodes = isPanic ? Math.Max(it.Wanted, Bounded(burst)) : Bounded(stable);
        return new(it, tuning, isBurst, isPanic, isPanic ? it.Demand.Burst : it.Demand.Average, stable, [], Math.Clamp(nodes, Math.Max(1, it.Scaling.Min), it.Scaling.Max));

        int Pods(double atOnce) => (int)Math.Ceiling(atOnce / target);
        int Bounded(int pods) => Math.Min(Math.Max(pods, least), most);
    }
}
