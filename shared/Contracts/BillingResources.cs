using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>What a line charges for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LineKind>))]
public enum LineKind
{
    /// <summary>A node's time.</summary>
    [JsonStringEnumMemberName("node")] Node,

    /// <summary>An add-on's time, once per endpoint.</summary>
    [JsonStringEnumMemberName("add_on")] AddOn,
}

/// <summary>One charge within one UTC day.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Kind">What it charges for.</param>
/// <param name="Subject">Node id, or add-on id.</param>
/// <param name="Hardware">Catalogue id of the hardware; null for an add-on.</param>
/// <param name="Day">UTC day.</param>
/// <param name="From">Start, whole second.</param>
/// <param name="To">End, whole second.</param>
/// <param name="Seconds">Seconds between them.</param>
/// <param name="PricePerHour">US dollars per hour.</param>
/// <param name="Amount">US dollars, rounded to a millionth: a short meter is worth less than a cent, and is not given away.</param>
/// <param name="OpenedBy">Id of the endpoint event that opened the meter.</param>
/// <param name="ClosedBy">Id of the endpoint event that closed it; null while it runs.</param>
public sealed record Line(
    string EndpointId, LineKind Kind, string Subject, string? Hardware, DateOnly Day, DateTimeOffset From, DateTimeOffset To, long Seconds,
    decimal PricePerHour, decimal Amount, Guid OpenedBy, Guid? ClosedBy);

/// <summary>What an endpoint cost in a period.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="NodeSeconds">Seconds its nodes were metered, summed over nodes.</param>
/// <param name="Total">US dollars.</param>
/// <param name="Days">The same by UTC day.</param>
public sealed record EndpointUsage(string EndpointId, long NodeSeconds, decimal Total, IReadOnlyList<DayUsage> Days);

/// <summary>What an endpoint cost in a day.</summary>
/// <param name="Day">UTC day.</param>
/// <param name="NodeSeconds">Seconds its nodes were metered.</param>
/// <param name="Total">US dollars.</param>
public sealed record DayUsage(DateOnly Day, long NodeSeconds, decimal Total);

/// <summary>What an account used in a period.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Currency">Always <c>USD</c>.</param>
/// <param name="From">Start.</param>
/// <param name="To">End; running meters are read here.</param>
/// <param name="Total">US dollars; the sum of all lines.</param>
/// <param name="BurnPerHour">US dollars per hour that running meters cost now.</param>
/// <param name="Endpoints">By endpoint.</param>
/// <param name="Lines">Every charge with the events that opened and closed it; null unless asked for.</param>
public sealed record Usage(
    string AccountId, string Currency, DateTimeOffset From, DateTimeOffset To, decimal Total, decimal BurnPerHour,
    IReadOnlyList<EndpointUsage> Endpoints, IReadOnlyList<Line>? Lines);

/// <summary>An account's cap and how far it is from it.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Currency">Always <c>USD</c>.</param>
/// <param name="MonthlyUsd">US dollars per calendar month (UTC); null for no cap.</param>
/// <param name="Month">The month now, such as <c>2026-11</c>.</param>
/// <param name="Spent">US dollars spent in it so far, running meters included.</param>
/// <param name="Reached">Whether the cap was found reached: inference calls are refused.</param>
public sealed record CapResource(string AccountId, string Currency, decimal? MonthlyUsd, string Month, decimal Spent, bool Reached);

/// <summary>What an account pays now.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Currency">Always <c>USD</c>.</param>
/// <param name="PerHour">US dollars per hour that running meters cost.</param>
/// <param name="Endpoints">By endpoint; those that cost nothing are left out.</param>
public sealed record BurnResource(string AccountId, string Currency, decimal PerHour, IReadOnlyList<EndpointBurn> Endpoints);

/// <summary>What an endpoint costs now.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Nodes">Nodes that are metered.</param>
/// <param name="PerHour">US dollars per hour.</param>
public sealed record EndpointBurn(string EndpointId, int Nodes, decimal PerHour);

/// <summary>A bill recomputed from the endpoints' own events, beside the stored one.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="From">Start.</param>
/// <param name="To">End; running meters are read here.</param>
/// <param name="Events">Endpoint events that were read.</param>
/// <param name="Billed">US dollars by the stored ledger.</param>
/// <param name="Replayed">US dollars recomputed.</param>
/// <param name="Differences">What differs, a sentence each; empty when all agrees.</param>
public sealed record ReplayReport(
    string AccountId, DateTimeOffset From, DateTimeOffset To, int Events, decimal Billed, decimal Replayed, IReadOnlyList<string> Differences);
