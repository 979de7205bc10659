using Hypervize.Autoscaling.Simulation;
using Hypervize.Hosting.Requests;

namespace Hypervize.Autoscaler.Api;

/// <summary>What an endpoint's own recorded traffic would have cost and waited: as it is set, and otherwise.</summary>
public static class SimulationRoutes
{
    private static readonly TextField From = new("from", "When the traffic begins; else a day before its end.", 40, IsOptional: true);
    private static readonly TextField To = new("to", "When it ends; else now.", 40, IsOptional: true);
    private static readonly (Setting Setting, DecimalField Field)[] Settings =
        [.. Setting.All.Select(s => (s, new DecimalField($"set.{s.Name}", s.What, (decimal)s.Least, (decimal)s.Most, Decimals: s.IsWhole ? 0 : 6)))];

    /// <summary>Maps <c>GET</c> and <c>POST /v1/endpoints/{id}/simulations</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapSimulations(this WebApplication app)
    {
        app.MapGet("/v1/endpoints/{endpointId}/simulations", (string endpointId, HttpContext http, Rehearsals rehearsals, string? from, string? to) =>
            rehearsals.AnswerAsync(http, endpointId, from, to, []));
        app.MapPost("/v1/endpoints/{endpointId}/simulations", async (string endpointId, HttpContext http, Rehearsals rehearsals) =>
        {
            var (reader, refused) = await RequestReader.ReadAsync(http.Request, [From, To, .. Settings.Select(s => s.Field)], defaults: true);
            if (reader is null) return refused!;
            var (from, to) = (reader.Text(From), reader.Text(To));
            List<(Setting, double)> set = [];
            foreach (var (setting, field) in Settings)
                if (reader.Fraction(field) is { } value) set.Add((setting, (double)value));
            return reader.Refusal() ?? await rehearsals.AnswerAsync(http, endpointId, from, to, set);
        });
    }
}
