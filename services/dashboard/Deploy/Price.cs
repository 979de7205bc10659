using Hypervize.Contracts;
using Hypervize.Sizing.Quotes;

namespace Hypervize.Dashboard.Deploy;

/// <summary>What an endpoint costs as the form stands, reckoned as the API quotes it.</summary>
/// <param name="NodeHourly">US dollars per hour of a node alone.</param>
/// <param name="AddOnsHourly">US dollars per hour of all add-ons, once while any node runs.</param>
/// <param name="Min">Fewest nodes; 0 lets it sleep.</param>
/// <param name="Max">Most nodes.</param>
public sealed record Price(decimal NodeHourly, decimal AddOnsHourly, int Min, int Max)
{
    private const int HoursOfADay = 24;

    /// <summary>US dollars per hour of one node, add-ons included.</summary>
    public decimal Hourly => NodeHourly + AddOnsHourly;

    /// <summary>Fewest nodes while it is awake.</summary>
    public int FewestAwake => Math.Max(1, Min);

    /// <summary>US dollars of a day with the fewest nodes awake.</summary>
    public decimal DailyAtMin => Daily(FewestAwake);

    /// <summary>US dollars of a day with the most nodes.</summary>
    public decimal DailyAtMax => Daily(Max);

    /// <summary>US dollars of a day asleep; null for one that never sleeps.</summary>
    public decimal? DailyAsleep => Min == 0 ? 0 : null;

    /// <summary>The price; null while a part of it is not known.</summary>
    /// <param name="quote">What the hardware costs; null where the catalogue must do.</param>
    /// <param name="catalogue">What everything costs at this moment; null while it is not known.</param>
    /// <param name="hardware">Catalogue id of the hardware; null while none is chosen.</param>
    /// <param name="telemetry">Whether the add-on for logs and telemetry is on.</param>
    /// <param name="min">Fewest nodes; null while that is wrong.</param>
    /// <param name="max">Most nodes; null while that is wrong.</param>
    public static Price? Of(Quote? quote, HardwareList? catalogue, string? hardware, bool telemetry, int? min, int? max)
    {
        var node = quote is not null ? quote.Options.FirstOrDefault(o => o.Hardware == hardware)?.HourlyUsd : catalogue?.Hardware.FirstOrDefault(h => h.Id == hardware)?.PricePerHour;
        var addOn = telemetry ? TelemetryHourly(quote, catalogue) : 0;
        return node is { } nodeHourly && addOn is { } addOnHourly && min is { } fewest && max is { } most && fewest <= most ? new(nodeHourly, addOnHourly, fewest, most) : null;
    }

    /// <summary>US dollars per hour of logs and telemetry: as the quote holds it, else of this moment; null while it is not known.</summary>
    /// <param name="quote">The quote; null for none.</param>
    /// <param name="catalogue">The catalogue; null while it is not known.</param>
    public static decimal? TelemetryHourly(Quote? quote, HardwareList? catalogue) =>
        quote?.AddOns.FirstOrDefault(a => a.Id == DeployFields.Telemetry)?.HourlyUsd ?? catalogue?.AddOns.FirstOrDefault(a => a.Id == DeployFields.Telemetry)?.PricePerHour;

    private decimal Daily(int nodes) => ((NodeHourly * nodes) + AddOnsHourly) * HoursOfADay;
}
