using Hypervize.Autoscaler.Messaging;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Api;

/// <summary>Finds the endpoint that a caller asks about, if it may.</summary>
internal static class OwnedEndpoint
{
    /// <summary>Finds it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="table">The endpoints.</param>
    /// <param name="endpointId">Its id.</param>
    /// <returns>The endpoint; or the answer to who may not know of it, or asks too early.</returns>
    public static (EndpointState? It, IResult? Refused) Find(HttpContext http, EndpointTable table, string endpointId)
    {
        var caller = Caller.From(http.User);
        if (Refuse(caller, table) is { } refused) return (null, refused);
        if (!table.Endpoints.TryGetValue(endpointId, out var heard) || (heard.State.AccountId != caller.AccountId && !caller.IsOperator))
            return (null, Problems.From(StatusCodes.Status404NotFound, "endpoint_not_found", $"There is no endpoint {endpointId}."));
        return heard.State.Status == EndpointStatus.Deleted
            ? (null, Problems.From(StatusCodes.Status410Gone, "endpoint_deleted", $"Endpoint {endpointId} was deleted; its events can still be read."))
            : (heard.State, null);
    }

    /// <summary>The answer to who may ask about no endpoint, or asks too early; null to others.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="table">The endpoints.</param>
    public static IResult? Refuse(Caller caller, EndpointTable table)
    {
        if (!caller.May(KeyScope.Manage)) return Problems.From(StatusCodes.Status403Forbidden, "scope_missing", "This needs a key with scope manage.");
        return table.IsPresent ? null : Problems.From(StatusCodes.Status503ServiceUnavailable, "not_ready", "The autoscaler does not know the endpoints yet. Try again in some seconds.");
    }
}
