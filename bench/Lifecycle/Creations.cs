using Hypervize.Contracts;

namespace Hypervize.Bench.Lifecycle;

/// <summary>
/// From sending the creation to every consumer of the bus knowing that the endpoint is up, less the runtime's own start: from its spawn
/// to the time that the runtime itself says it was ready.
/// </summary>
internal static class Creations
{
    /// <returns>Milliseconds.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, int runs, Action<string> progress, CancellationToken cancel)
    {
        var samples = new List<double>();
        while (samples.Count < runs)
        {
            progress($"Creating endpoints, {samples.Count + 1} of {runs}");
            var sent = DateTimeOffset.UtcNow;
            var id = await stage.CreateAsync($"created-{samples.Count}", cancel);
            var up = await stage.Heard.FirstAsync(id, m => m.State.Status == EndpointStatus.Up, cancel);
            samples.Add((up.At - sent - RuntimeStart((NodeReady)up.Message.Fact)).TotalMilliseconds);
            await stage.Client.CallAsync(HttpMethod.Delete, $"v1/endpoints/{id}", cancel);
            await stage.Heard.FirstAsync(id, m => m.State is { Status: EndpointStatus.Deleted, Nodes.Count: 0 }, cancel);
        }
        return samples;
    }

    /// <summary>What the runtime itself took.</summary>
    /// <param name="ready">The node's readiness.</param>
    public static TimeSpan RuntimeStart(NodeReady ready) => ready.RuntimeReadyAt!.Value - ready.SpawnedAt;
}
