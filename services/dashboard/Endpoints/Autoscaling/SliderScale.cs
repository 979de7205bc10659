using Hypervize.Autoscaling.Simulation;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>Where a value stands on a slider. Small values have as much room as large ones.</summary>
public static class SliderScale
{
    /// <summary>The last position; the first is 0.</summary>
    public const int Last = 1000;

    /// <summary>The position of a value.</summary>
    /// <param name="setting">What is set.</param>
    /// <param name="value">The value.</param>
    public static int PositionOf(Setting setting, double value) =>
        (int)Math.Round(Last * Math.Log(1 + (Math.Clamp(value, setting.Least, setting.Most) - setting.Least) / Unit(setting)) / Width(setting));

    /// <summary>The value at a position, as round as people would say it.</summary>
    /// <param name="setting">What is set.</param>
    /// <param name="position">The position.</param>
    public static double ValueAt(Setting setting, int position)
    {
        if (position >= Last) return setting.Most;
        var value = setting.Least + Unit(setting) * (Math.Exp(Width(setting) * Math.Max(0, position) / Last) - 1);
        // Two digits of what is large.
        var round = value < 100 ? 1 : Math.Pow(10, Math.Floor(Math.Log10(value)) - 1);
        var rounded = setting.IsWhole || value >= 100 ? Math.Round(value / round) * round : Math.Round(value, 1);
        return Math.Clamp(rounded, setting.Least, setting.Most);
    }

    private static double Unit(Setting setting) => setting.Least > 0 ? setting.Least : 1;

    private static double Width(Setting setting) => Math.Log(1 + (setting.Most - setting.Least) / Unit(setting));
}
