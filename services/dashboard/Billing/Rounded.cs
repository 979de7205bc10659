namespace Hypervize.Dashboard.Billing;

/// <summary>Figures as they are shown: rounded, and still adding up to their total as it is shown.</summary>
public static class Rounded
{
    /// <summary>Decimals of US dollars on a page.</summary>
    public const int MoneyDecimals = 4;

    /// <summary>Rounds a figure.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="decimals">Decimals that are kept.</param>
    public static decimal One(decimal figure, int decimals) => Math.Round(figure, decimals, MidpointRounding.AwayFromZero);

    /// <summary>Rounds figures to the nearest above or below, so that they add up to a total: those that lose most by it are rounded up.</summary>
    /// <param name="figures">Figures of at least 0.</param>
    /// <param name="total">Their total as it is shown: the true one, rounded up or down.</param>
    /// <param name="decimals">Decimals that are kept.</param>
    public static IReadOnlyList<decimal> Parts(IReadOnlyList<decimal> figures, decimal total, int decimals)
    {
        var unit = new decimal(1, 0, 0, false, (byte)decimals);
        var parts = figures.Select(f => Math.Round(f, decimals, MidpointRounding.ToZero)).ToArray();
        var missing = (int)Math.Round((total - parts.Sum()) / unit);
        // Of equals the first ones: what is shown twice is shown alike.
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => figures[i] - parts[i]).Take(missing)) parts[i] += unit;
        return parts;
    }
}
