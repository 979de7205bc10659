using System.Collections.Immutable;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Live;

/// <summary>How true a view is.</summary>
public enum FeedStatus
{
    /// <summary>Nothing was heard yet.</summary>
    Connecting,

    /// <summary>What is shown is how it is.</summary>
    Live,

    /// <summary>What is shown is how it was: the platform does not answer now, and is asked again.</summary>
    Stale,

    /// <summary>The key is good no longer.</summary>
    Ended,
}

/// <summary>All that an account has, as it is known at a moment.</summary>
/// <param name="Status">How true it is.</param>
/// <param name="Endpoints">Endpoints by id.</param>
/// <param name="Traffic">Their traffic by id; empty while it is not known.</param>
/// <param name="Burn">What they cost now; null while it is not known.</param>
/// <param name="Spending">What the month cost so far; null while it is not known.</param>
/// <param name="Problem">Why it is stale; null while it is not.</param>
public sealed record FleetView(
    FeedStatus Status, ImmutableDictionary<string, EndpointResource> Endpoints, ImmutableDictionary<string, EndpointTrafficResource> Traffic,
    BurnResource? Burn, CapResource? Spending, string? Problem)
{
    /// <summary>Of an account of which nothing is known yet.</summary>
    public static FleetView Unknown { get; } = new(
        FeedStatus.Connecting, ImmutableDictionary.Create<string, EndpointResource>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, EndpointTrafficResource>(StringComparer.Ordinal), null, null, null);

    /// <summary>Whether the endpoints are known: now, or as they were.</summary>
    public bool IsKnown => Status == FeedStatus.Live || !Endpoints.IsEmpty;

    /// <summary>US dollars per hour that an endpoint costs now; null while it is not known.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public decimal? BurnOf(string endpointId) => Burn is null ? null : Burn.Endpoints.FirstOrDefault(e => e.EndpointId == endpointId)?.PerHour ?? 0;
}
