using Hypervize.Contracts;
using Hypervize.Dashboard.Live;

namespace Hypervize.Dashboard.Fleet;

/// <summary>What the fleet is sorted by.</summary>
public enum FleetOrder
{
    /// <summary>Newest first: as it is without an order.</summary>
    Created,

    /// <summary>By name.</summary>
    Name,

    /// <summary>What needs a look first: failed, then what changes, what serves, what sleeps, what is off.</summary>
    Status,

    /// <summary>By model, then by hardware.</summary>
    Model,

    /// <summary>The most nodes first.</summary>
    Nodes,

    /// <summary>The most requests first.</summary>
    Traffic,

    /// <summary>The most expensive first.</summary>
    Burn,

    /// <summary>The last used first.</summary>
    Activity,
}

/// <summary>An endpoint as the fleet shows it.</summary>
/// <param name="It">The endpoint.</param>
/// <param name="Traffic">Its traffic; null while it is not known.</param>
/// <param name="Burn">US dollars per hour; null while it is not known.</param>
public sealed record FleetEntry(EndpointResource It, EndpointTrafficResource? Traffic, decimal? Burn)
{
    /// <summary>Nodes that serve.</summary>
    public int Ready => It.Nodes.Count(n => n.Status == NodeStatus.Ready);

    /// <summary>The last request, or change of status, whichever was later.</summary>
    public DateTimeOffset ActiveAt => Traffic?.LastRequestAt is { } at && at > It.StatusSince ? at : It.StatusSince;
}

/// <summary>Which endpoints are shown, and in which order. It stands in the page's address.</summary>
/// <param name="Search">Text within name, model, hardware or id; empty for all.</param>
/// <param name="Status">Status; null for all.</param>
/// <param name="Order">Order.</param>
/// <param name="IsReversed">Whether the order is turned around.</param>
public sealed record FleetQuery(string Search, EndpointStatus? Status, FleetOrder Order, bool IsReversed)
{
    /// <summary>Reads what an address says; what it says wrongly counts as not said.</summary>
    /// <param name="search">Text.</param>
    /// <param name="status">A status.</param>
    /// <param name="sort">An order, with a minus in front if it is turned around.</param>
    public static FleetQuery Parse(string? search, string? status, string? sort) => new(
        search?.Trim() ?? "", Named<EndpointStatus>(status), Named<FleetOrder>(sort?.TrimStart('-')) ?? FleetOrder.Created, sort?.StartsWith('-') is true);

    /// <summary>The same as parameters of an address; null for what it need not say.</summary>
    public IReadOnlyDictionary<string, object?> Parameters() => new Dictionary<string, object?>
    {
        ["q"] = Search.Length == 0 ? null : Search,
        ["status"] = Status?.ToString().ToLowerInvariant(),
        ["sort"] = Order == FleetOrder.Created && !IsReversed ? null : $"{(IsReversed ? "-" : "")}{Order.ToString().ToLowerInvariant()}",
    };

    /// <summary>Whether the most, the latest, comes first.</summary>
    public bool IsDescending => (Order is not (FleetOrder.Name or FleetOrder.Status or FleetOrder.Model)) != IsReversed;

    /// <summary>Sorted by another column; the same one a second time turns it around, and a third time takes the order away.</summary>
    /// <param name="order">The order.</param>
    public FleetQuery SortedBy(FleetOrder order) => order != Order ? this with { Order = order, IsReversed = false }
        : IsReversed ? this with { Order = FleetOrder.Created, IsReversed = false }
        : this with { IsReversed = true };

    /// <summary>What is shown of a fleet.</summary>
    /// <param name="fleet">The fleet.</param>
    public IReadOnlyList<FleetEntry> Of(FleetView fleet)
    {
        var burn = fleet.Burn?.Endpoints.ToDictionary(e => e.EndpointId, e => e.PerHour);
        var found = fleet.Endpoints.Values.Where(IsMeant)
            .Select(it => new FleetEntry(it, fleet.Traffic.GetValueOrDefault(it.Id), burn is null ? null : burn.GetValueOrDefault(it.Id)));
        // Equals stay in an order of their own, so that nothing jumps about when figures change.
        var sorted = Sorted(found).ThenByDescending(e => e.It.CreatedAt).ThenBy(e => e.It.Id, StringComparer.Ordinal).ToList();
        if (IsReversed) sorted.Reverse();
        return sorted;
    }

    private bool IsMeant(EndpointResource it) => (Status is null || it.Status == Status)
        && (Search.Length == 0 || ((string[])[it.Name, it.Model, it.Hardware, it.Id]).Any(text => text.Contains(Search, StringComparison.OrdinalIgnoreCase)));

    private IOrderedEnumerable<FleetEntry> Sorted(IEnumerable<FleetEntry> entries) => Order switch
    {
        FleetOrder.Created => entries.OrderByDescending(e => e.It.CreatedAt),
        FleetOrder.Name => entries.OrderBy(e => e.It.Name, StringComparer.OrdinalIgnoreCase),
        FleetOrder.Status => entries.OrderBy(e => Urgency(e.It.Status)),
        FleetOrder.Model => entries.OrderBy(e => e.It.Model, StringComparer.OrdinalIgnoreCase).ThenBy(e => e.It.Hardware, StringComparer.Ordinal),
        FleetOrder.Nodes => entries.OrderByDescending(e => e.Ready).ThenByDescending(e => e.It.Wanted),
        FleetOrder.Traffic => entries.OrderByDescending(e => e.Traffic?.RequestsPerMinute ?? 0),
        FleetOrder.Burn => entries.OrderByDescending(e => e.Burn ?? 0),
        FleetOrder.Activity => entries.OrderByDescending(e => e.ActiveAt),
    };

    private static int Urgency(EndpointStatus status) => status switch
    {
        EndpointStatus.Failed => 0,
        EndpointStatus.Building => 1,
        EndpointStatus.Waking => 2,
        EndpointStatus.Up => 3,
        EndpointStatus.Hibernated => 4,
        EndpointStatus.Disabled => 5,
        EndpointStatus.Deleted => 6,
    };

    private static T? Named<T>(string? text) where T : struct, Enum =>
        text is { Length: > 0 } && char.IsLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null;
}
