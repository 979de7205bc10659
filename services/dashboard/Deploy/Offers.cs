using Hypervize.Catalog;
using Hypervize.Sizing.Fit;

namespace Hypervize.Dashboard.Deploy;

/// <summary>Hardware as it is offered for a model: what fits first, and why the rest does not.</summary>
/// <param name="Recommended">The cheapest that fits with headroom; null when none does.</param>
/// <param name="Fitting">All that fit: the recommended one, then the cheapest first; a machine of one's own last.</param>
/// <param name="Others">Those that do not, the cheapest first.</param>
public sealed record Offers(HardwareOption? Recommended, IReadOnlyList<HardwareOption> Fitting, IReadOnlyList<HardwareOption> Others)
{
    private const int Few = 6;

    /// <summary>Offers what a quote found.</summary>
    /// <param name="options">Every hardware there is.</param>
    public static Offers Of(IReadOnlyList<HardwareOption> options)
    {
        var recommended = Choice.Of(options.Where(o => o.Hardware != HardwareCatalog.Local));
        var sorted = options.OrderByDescending(o => o.Hardware == recommended?.Hardware).ThenBy(o => o.Hardware == HardwareCatalog.Local).ThenBy(o => o.HourlyUsd)
            .ThenByDescending(o => o.Headroom).ThenBy(o => o.Hardware, StringComparer.Ordinal).ToList();
        return new(recommended, [.. sorted.Where(o => o.Fits)], [.. sorted.Where(o => !o.Fits)]);
    }

    /// <summary>Some of what fits, the chosen one among them.</summary>
    /// <param name="chosen">Catalogue id of the chosen one; null for none.</param>
    public IReadOnlyList<HardwareOption> First(string? chosen) => [.. Fitting.Take(Few), .. Fitting.Skip(Few).Where(o => o.Hardware == chosen)];

    /// <summary>Whether some of what fits is not among the first.</summary>
    public bool HasMore => Fitting.Count > Few;
}
