using System.Globalization;
using Hypervize.Autoscaler.History;
using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Npgsql;

namespace Hypervize.Autoscaler.Api;

/// <summary>What the policy found, for an endpoint's owner.</summary>
public static class ScalingRoutes
{
    private const int MostFindings = 500;

    /// <summary>Maps <c>GET /v1/endpoints/{id}/scaling</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapScaling(this WebApplication app) => app.MapGet("/v1/endpoints/{endpointId}/scaling", ScalingAsync);

    private static async Task<IResult> ScalingAsync(
        string endpointId, HttpContext http, EndpointTable table, Verdicts verdicts, VerdictStore store, TimeProvider time, string? at, int limit = 20)
    {
        if (OwnedEndpoint.Find(http, table, endpointId) is var (state, refused) && state is null) return refused!;
        if (limit is < 0 or > MostFindings) return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"limit must be between 0 and {MostFindings}.");
        var (now, asked) = (time.GetUtcNow(), (DateTimeOffset?)null);
        if (at is not null)
        {
            if (!DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) || moment > now || moment < now - VerdictStore.Kept)
                return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", $"at must be a time of the last {VerdictStore.Kept.TotalDays:0} days, such as {now:yyyy-MM-ddTHH:mm:ssZ}.");
            asked = moment;
        }

        var current = verdicts.Now(endpointId) is { } run ? run.ToFinding() : null;
        try
        {
            var found = asked is not { } then ? null : then >= current?.From ? current : await store.AtAsync(endpointId, then, http.RequestAborted);
            // What goes on may have been written, too.
            var before = limit == 0 ? [] : await store.ReadAsync(endpointId, current?.From.AddTicks(-1) ?? now, limit, http.RequestAborted);
            return Results.Ok(new ScalingResource(endpointId, state.Status, state.Wanted, state.Nodes.Count(n => n.Status == NodeStatus.Ready), current, found, before));
        }
        catch (NpgsqlException)
        {
            return Problems.From(StatusCodes.Status503ServiceUnavailable, "findings_unavailable", "The database does not answer: what was found before can't be told now. Ask again later; or with limit=0 and without at, for what is found now.");
        }
    }
}
