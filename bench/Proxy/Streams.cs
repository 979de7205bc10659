namespace Hypervize.Bench.Proxy;

/// <summary>200 streams at once, each a chunk every 20 ms: what the proxy's CPU takes per chunk.</summary>
internal static class Streams
{
    private const int Connections = 200;
    private const int Seconds = 4;

    // All streams begin at once, and some time later all are under way.
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(0.7);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);

    /// <returns>Microseconds per chunk, by contestant and round.</returns>
    public static async Task<Dictionary<string, List<double>>> MeasureAsync(
        Rig rig, IReadOnlyList<Contestant> contestants, int rounds, Action<string> progress, CancellationToken cancel)
    {
        await Rounds.WarmAsync(contestants, c => SliceAsync(rig, c, cancel), line => progress($"Streams: {line}"));
        return await Rounds.RunAsync(contestants, rounds, c => SliceAsync(rig, c, cancel), line => progress($"Streams: {line}"));
    }

    private static async Task<double> SliceAsync(Rig rig, Contestant contestant, CancellationToken cancel)
    {
        var running = rig.Wrk.RunAsync($"{contestant.Name}-streams", contestant.Url(contestant.StreamPath), rig.Key, Requests.Streamed, Connections, Seconds, cancel);
        await Task.Delay(Beginning, cancel);
        var (before, sentBefore) = (contestant.CpuSeconds, await rig.Node.CountsAsync(cancel));
        await Task.Delay(Measured, cancel);
        var (after, sentAfter) = (contestant.CpuSeconds, await rig.Node.CountsAsync(cancel));
        await running;
        return (after - before) * 1e6 / (sentAfter.Chunks - sentBefore.Chunks);
    }
}
