namespace Hypervize.Bench.Proxy;

/// <summary>What a contestant got through while it was asked for as much as it could do.</summary>
/// <param name="CpuMicroseconds">CPU time of the proxy per request.</param>
/// <param name="PerSecond">Requests per second.</param>
internal readonly record struct Saturated(double CpuMicroseconds, double PerSecond);

/// <summary>Requests of 1 KB over 32 connections, each sent when the one before it is answered.</summary>
internal static class Saturation
{
    private const int Connections = 32;
    private const int Seconds = 2;
    private const int WarmUpSeconds = 4;

    public static Task WarmAsync(Rig rig, IReadOnlyList<Contestant> contestants, Action<string> progress, CancellationToken cancel) =>
        Rounds.WarmAsync(contestants, async c => (await SliceAsync(rig, c, WarmUpSeconds, cancel)).CpuMicroseconds, line => progress($"Requests: {line}"));

    public static Task<Dictionary<string, List<Saturated>>> MeasureAsync(
        Rig rig, IReadOnlyList<Contestant> contestants, int rounds, Action<string> progress, CancellationToken cancel) =>
        Rounds.RunAsync(contestants, rounds, c => SliceAsync(rig, c, Seconds, cancel), line => progress($"Requests: {line}"));

    private static async Task<Saturated> SliceAsync(Rig rig, Contestant contestant, int seconds, CancellationToken cancel)
    {
        var before = contestant.CpuSeconds;
        var done = await rig.Wrk.RunAsync(contestant.Name, contestant.Url(contestant.Path), rig.Key, Requests.Whole, Connections, seconds, cancel);
        return new((contestant.CpuSeconds - before) * 1e6 / done.Requests, done.Requests / done.Seconds);
    }
}
