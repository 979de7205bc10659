using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Bench.Lifecycle;

/// <summary>From the commit of an event, by PostgreSQL's own record of it, to a consumer's code, at a steady pace.</summary>
internal static class Telling
{
    public const int PerSecond = 20;

    private const int WarmUp = 3 * PerSecond;
    private const int Events = 30 * PerSecond;
    private const int Endpoints = 4;

    /// <returns>Milliseconds.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, Action<string> progress, CancellationToken cancel)
    {
        progress($"Changing endpoints {PerSecond} times a second, for {Events / PerSecond} s");
        var ids = new List<string>();
        while (ids.Count < Endpoints) ids.Add(await stage.CreateAsync($"told-{ids.Count}", cancel));
        foreach (var id in ids)
        {
            await stage.Heard.FirstAsync(id, m => m.State.Status == EndpointStatus.Up, cancel);
            await stage.DoAsync(id, "hibernate", cancel);
            await stage.Heard.FirstAsync(id, m => m.State is { Status: EndpointStatus.Hibernated, Nodes.Count: 0 }, cancel);
        }

        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        var changes = new List<Task>();
        while (changes.Count < WarmUp + Events && await pace.WaitForNextTickAsync(cancel))
            changes.Add(stage.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{ids[changes.Count % Endpoints]}", cancel, new JsonObject { ["name"] = $"told {changes.Count}" }));
        await Task.WhenAll(changes);
        await Task.WhenAll(ids.Select((id, i) => stage.Heard.FirstAsync(id, m => m.State.Settings.Name == $"told {WarmUp + Events - Endpoints + i}", cancel)));

        var committed = (await stage.QueryAsync(
            "select id, pg_xact_commit_timestamp(xmin) from endpoints.mt_events where type = 'endpoint_updated' order by seq_id",
            r => (Id: r.GetGuid(0), At: r.GetFieldValue<DateTimeOffset>(1)), cancel)).Skip(WarmUp);
        var arrived = stage.Heard.Arrivals.ToLookup(a => a.EventId, a => a.At);
        return [.. committed.Select(c => (arrived[c.Id].First() - c.At).TotalMilliseconds)];
    }
}
