using System.Globalization;
using System.Text.Json.Nodes;

namespace Hypervize.Dashboard.Billing;

/// <summary>A cap as somebody types it. Its bounds are the platform's.</summary>
public static class CapEntry
{
    private const NumberStyles Style = NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite | NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands | NumberStyles.AllowLeadingSign;

    /// <summary>Reads an amount.</summary>
    /// <param name="text">What was typed; a dollar sign and thousands apart are fine.</param>
    /// <returns>US dollars, or what is wrong.</returns>
    public static (decimal? Usd, string? Wrong) Parse(string text)
    {
        text = text.Trim().TrimStart('$');
        return HasThousandsOnly(text) && decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var usd) ? (usd, null) : (null, "Give an amount in US dollars, such as 250 or 1250.50.");
    }

    /// <summary>What the platform is sent.</summary>
    /// <param name="usd">US dollars per month; null for no cap.</param>
    public static JsonNode Body(decimal? usd) => new JsonObject { ["monthlyUsd"] = usd };

    // 250,50 is an amount elsewhere: read as one with thousands apart it would be a hundred times as much.
    private static bool HasThousandsOnly(string text)
    {
        var (comma, point) = (text.LastIndexOf(','), text.IndexOf('.'));
        return comma < 0 || (point < 0 ? text.Length : point) - comma == 4;
    }
}
