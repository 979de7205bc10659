using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Logs;
using Hypervize.Provisioner.Weights;

namespace Hypervize.Provisioner.Api;

/// <summary>A node's output.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Running">Whether it still runs.</param>
/// <param name="SpawnedAt">When it was spawned.</param>
/// <param name="Lines">Its last lines, oldest first.</param>
public sealed record NodeOutput(string NodeId, bool Running, DateTimeOffset SpawnedAt, IReadOnlyList<string> Lines);

/// <summary>What the nodes of an endpoint print, for its owner, while the logging and telemetry add-on is on; and how far their weights are.</summary>
public static class LogRoutes
{
    private const int MostLines = 5000;

    /// <summary>Maps <c>GET /v1/endpoints/{id}/logs</c>, as text, as JSON, and as server-sent events for who follows.</summary>
    /// <param name="app">The service.</param>
    public static void MapLogs(this WebApplication app) => app.MapGet("/v1/endpoints/{endpointId}/logs", LogsAsync);

    private static async Task<IResult> LogsAsync(
        string endpointId, HttpContext http, EventStreams<CapacityState, CapacityEvent> streams, LocalNodes nodes, WeightLoads weights, LogStream following, CancellationToken cancel, int tail = 200)
    {
        var caller = Caller.From(http.User);
        if (!caller.May(KeyScope.Manage)) return Problems.From(StatusCodes.Status403Forbidden, "scope_missing", "This needs a key with scope manage.");
        if (tail is < 1 or > MostLines) return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"tail must be between 1 and {MostLines}.");

        var (state, _) = await streams.LoadAsync(CapacityState.Key(endpointId), cancel);
        if (state is null || (state.AccountId != caller.AccountId && !caller.IsOperator))
            return Problems.From(StatusCodes.Status404NotFound, "endpoint_not_found", $"There is no endpoint {endpointId}, or no node was ever asked for.");

        var fetching = weights.Progress(endpointId);
        if (!state.Telemetry && fetching.Count == 0)
            return Problems.From(StatusCodes.Status409Conflict, "telemetry_off",
                $"The logging and telemetry add-on is off for {endpointId}, so what its nodes print is not shown. Switch it on by PATCH /v1/endpoints/{endpointId} with {{\"telemetry\": true}}, or by `hypervize endpoints update {endpointId} --telemetry`. A failure's last lines stand in the endpoint itself.");

        if (Accepts(http, "text/event-stream"))
        {
            await following.FollowAsync(http, endpointId, state, tail);
            return Results.Empty;
        }

        var outputs = (state.Telemetry ? nodes.Of(endpointId) : []).OrderBy(n => n.Manifest.SpawnedAt)
            .Select(n => new NodeOutput(n.Manifest.NodeId, n.Seen.IsAlive, n.Manifest.SpawnedAt, n.Folder.Output.Tail(tail)));
        return Accepts(http, "application/json")
            ? Results.Ok(new { EndpointId = endpointId, Nodes = outputs, Fetching = fetching })
            : Results.Text(string.Concat(outputs.SelectMany(o => o.Lines.Select(line => $"{o.NodeId} | {line}\n")).Concat(fetching.Select(line => $"weights | {line}\n"))));
    }

    private static bool Accepts(HttpContext http, string mediaType) => http.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == mediaType);
}
