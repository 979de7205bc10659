using System.Diagnostics;

namespace Hypervize.Bench.Proxy;

/// <summary>
/// Many short slices in turn rather than a long one of each: what disturbs the machine for some seconds then disturbs all contestants of a
/// round alike.
/// </summary>
internal static class Rounds
{
    // What is compiled while it runs begins three times as dear as it ends, and takes half a minute of load on one core to get there.
    private const int LeastWarmUp = 7;
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(90);

    /// <summary>Gives each contestant a slice per round; each round begins with another.</summary>
    /// <param name="contestants">The contestants.</param>
    /// <param name="rounds">Rounds.</param>
    /// <param name="slice">Measures one for some seconds.</param>
    /// <param name="progress">Told the number of the round.</param>
    /// <returns>A sample per round, by name.</returns>
    public static async Task<Dictionary<string, List<T>>> RunAsync<T>(IReadOnlyList<Contestant> contestants, int rounds, Func<Contestant, Task<T>> slice, Action<string> progress)
    {
        var samples = contestants.ToDictionary(c => c.Name, _ => new List<T>());
        for (var round = 0; round < rounds; round++)
        {
            progress($"round {round + 1} of {rounds}");
            for (var turn = 0; turn < contestants.Count; turn++)
            {
                var contestant = contestants[(round + turn) % contestants.Count];
                samples[contestant.Name].Add(await slice(contestant));
            }
        }
        return samples;
    }

    /// <summary>Keeps each contestant busy until it gets no cheaper.</summary>
    /// <param name="contestants">The contestants.</param>
    /// <param name="slice">Keeps one busy for some seconds, and gives what that cost per request or the like.</param>
    /// <param name="progress">Told the cost.</param>
    public static async Task WarmAsync(IEnumerable<Contestant> contestants, Func<Contestant, Task<double>> slice, Action<string> progress)
    {
        foreach (var contestant in contestants)
        {
            var began = Stopwatch.GetTimestamp();
            var costs = new List<double>();
            while (!HasSettled(costs, contestant.CompilesItself ? LeastWarmUp : 1) && Stopwatch.GetElapsedTime(began) < LongestWarmUp)
            {
                progress($"warming {contestant.Name}{(costs.Count > 0 ? $", {costs[^1]:0.0} µs" : "")}");
                costs.Add(await slice(contestant));
            }
        }
    }

    /// <summary>Whether the last three slices are no cheaper than the cheapest before them, but for 1 %: at the end a slice gains only a few percent.</summary>
    /// <param name="costs">Costs of the slices so far.</param>
    /// <param name="least">Slices that there must be at least.</param>
    public static bool HasSettled(IReadOnlyList<double> costs, int least) =>
        costs.Count >= least && (costs.Count < 4 || costs.TakeLast(3).Min() >= 0.99 * costs.SkipLast(3).Min());
}
