namespace Hypervize.Sizing.Fit;

/// <summary>Which hardware is taken, and what is tried when there is none of it. Pure.</summary>
public static class Choice
{
    /// <summary>Part of the runtime's memory that is left free where there is a choice: sizes are arithmetic, and drivers change.</summary>
    public const double Headroom = 0.05;

    private const int MostFallbacks = 5;

    /// <summary>The cheapest that fits with headroom; the cheapest that fits when none has it; null when none fits.</summary>
    /// <param name="options">All options.</param>
    public static HardwareOption? Of(IEnumerable<HardwareOption> options) => InOrder(options).FirstOrDefault();

    /// <summary>What to try when the chosen one is not to be had: the next ones, one of each family of instances.</summary>
    /// <param name="options">All options.</param>
    /// <param name="chosen">The chosen one.</param>
    public static IReadOnlyList<HardwareOption> Ladder(IEnumerable<HardwareOption> options, HardwareOption chosen) =>
        [.. InOrder(options).Where(o => o.Hardware != chosen.Hardware).DistinctBy(o => o.Hardware.Split('.')[0]).Take(MostFallbacks)];

    private static IOrderedEnumerable<HardwareOption> InOrder(IEnumerable<HardwareOption> options) => options.Where(o => o.Fits)
        .OrderBy(o => o.Headroom < Headroom).ThenBy(o => o.HourlyUsd).ThenByDescending(o => o.Headroom).ThenBy(o => o.Hardware, StringComparer.Ordinal);
}
