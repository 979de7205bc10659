using Hypervize.Contracts;

namespace Hypervize.Bench.Lifecycle;

/// <summary>From sending a streamed request to a sleeping endpoint to its first token, less the runtime's own start and first token.</summary>
internal static class Wakes
{
    /// <returns>Milliseconds.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, int runs, Action<string> progress, CancellationToken cancel)
    {
        var id = await stage.CreateAsync("sleeper", cancel);
        var up = await stage.Heard.FirstAsync(id, m => m.State.Status == EndpointStatus.Up, cancel);
        await stage.Client.ChatAsync(id, "Hello", 1, _ => { }, cancel);
        var samples = new List<double>();
        while (samples.Count < runs)
        {
            progress($"Waking an endpoint, {samples.Count + 1} of {runs}");
            await stage.DoAsync(id, "hibernate", cancel);
            await stage.Heard.FirstAsync(id, m => m.Version > up.Message.Version && m.State is { Status: EndpointStatus.Hibernated, Nodes.Count: 0 }, cancel);
            var first = (await stage.Client.ChatAsync(id, "Are you awake?", 1, _ => { }, cancel)).FirstToken;
            up = await stage.Heard.FirstAsync(id, m => m.Version > up.Message.Version && m.State.Status == EndpointStatus.Up, cancel);
            samples.Add((first - Creations.RuntimeStart((NodeReady)up.Message.Fact) - Stage.FirstToken).TotalMilliseconds);
        }
        await stage.DoAsync(id, "hibernate", cancel);
        return samples;
    }
}
