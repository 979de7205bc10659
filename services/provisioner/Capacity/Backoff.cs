namespace Hypervize.Provisioner.Capacity;

/// <summary>When the next node may be started: at once, then after ever longer pauses while starts fail in a row.</summary>
public static class Backoff
{
    private static readonly int[] Seconds = [0, 1, 2, 5, 10, 30];

    /// <summary>Nodes that are wanted and neither starting nor ready.</summary>
    /// <param name="state">The capacity.</param>
    public static int Missing(CapacityState state) => Math.Max(0, state.Wanted - state.Nodes.Count(n => n.Counts));

    /// <summary>The time before which no node is started.</summary>
    /// <param name="state">The capacity.</param>
    /// <returns>The beginning of time when there is no reason to wait.</returns>
    public static DateTimeOffset Until(CapacityState state)
    {
        // One loss of a node that served is made good at once, however short it served; a crash loop is not.
        var failures = Math.Max(state.FailedStarts, state.ShortLives - 1);
        return failures <= 0 || state.LastFailureAt is not { } last
            ? DateTimeOffset.MinValue
            : last.AddSeconds(Seconds[Math.Min(failures, Seconds.Length - 1)]);
    }
}
