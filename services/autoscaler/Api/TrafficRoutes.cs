using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Metrics;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Api;

/// <summary>The recent traffic of all endpoints of an account at once.</summary>
public static class TrafficRoutes
{
    /// <summary>Maps <c>GET /v1/traffic</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapTraffic(this WebApplication app) => app.MapGet("/v1/traffic", Traffic);

    private static IResult Traffic(HttpContext http, EndpointTable table, RecentTraffic recent, string? account)
    {
        var caller = Caller.From(http.User);
        if (OwnedEndpoint.Refuse(caller, table) is { } refused) return refused;
        // The same endpoints as are listed to this caller.
        var owner = caller.IsOperator ? account : caller.AccountId;
        var owned = table.Endpoints.Values.Select(e => e.State).Where(e => e.Status != EndpointStatus.Deleted && (owner is null || e.AccountId == owner));
        return Results.Ok(recent.Of(owned.OrderBy(e => e.CreatedAt).ThenBy(e => e.Id, StringComparer.Ordinal).Select(e => e.Id).ToList()));
    }
}
