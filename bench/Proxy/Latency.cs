using Hypervize.Bench.Load;
using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Proxy;

/// <summary>How long requests take, milliseconds.</summary>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
internal readonly record struct Quantiles(double P50, double P95);

/// <summary>1,000 requests per second, each sent when it is due: what a proxy adds while it is far from its limits.</summary>
internal static class Latency
{
    public const int PerSecond = 1_000;

    private const int Seconds = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<Dictionary<string, List<Quantiles>>> MeasureAsync(
        Rig rig, IReadOnlyList<Contestant> contestants, int rounds, Action<string> progress, CancellationToken cancel)
    {
        var loops = contestants.ToDictionary(c => c.Name, c => new OpenLoop(c.Port, HttpText.Post(c.Path, rig.Key, Requests.Whole)));
        try
        {
            await Rounds.RunAsync(contestants, 2, SliceAsync, line => progress($"Latency: warming, {line}"));
            return await Rounds.RunAsync(contestants, rounds, SliceAsync, line => progress($"Latency: {line}"));
        }
        finally
        {
            foreach (var loop in loops.Values) loop.Dispose();
        }

        async Task<Quantiles> SliceAsync(Contestant contestant)
        {
            var sent = await loops[contestant.Name].RunAsync(PerSecond, PerSecond * Seconds, Patience, cancel);
            if (sent.Count(a => !a.Served) is > 0 and var failed) throw new PlatformException($"{contestant.Name} did not serve {failed} of {sent.Count} requests.");
            var taken = sent.Select(a => a.Milliseconds).ToList();
            return new Quantiles(Figure.Quantile(taken, 0.5), Figure.Quantile(taken, 0.95));
        }
    }
}
