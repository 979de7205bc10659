using System.Diagnostics;
using System.Globalization;
using Hypervize.Bench.Load;
using Hypervize.Hosting;

namespace Hypervize.Bench.Proxy;

/// <summary>What holding requests costs, and how fast they are let go.</summary>
/// <param name="KbEach">Private memory per held request, KiB.</param>
/// <param name="ReleasesMs">From publishing that the node is ready to the last answer, milliseconds, one per round.</param>
/// <param name="Errors">Requests that were not served, of all rounds.</param>
internal sealed record Held(double KbEach, IReadOnlyList<double> ReleasesMs, int Errors);

/// <summary>
/// 10,000 requests of 1 KB to an endpoint that sleeps, each over a connection of its own. Memory is measured in a proxy that has just
/// begun: what a busy one has grown to before would hide what they take. Letting go is measured once it is warm.
/// </summary>
internal static class Holding
{
    public const int Count = 10_000;

    private const int ArrivePerSecond = 4_000;
    private const int FirstUse = 200;
    private const int WarmUpSeconds = 15;

    // The proxy gives 55 % of the files that it may open to clients, but for some (docs/operations.md, "Open files").
    private const int FilesNeeded = 19_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    /// <summary>Whether so many can be held here at all.</summary>
    /// <exception cref="MissingOnThisMachineException">The limit of open files is too low.</exception>
    public static void Check()
    {
        if (OpenFiles.Limit < FilesNeeded) throw new MissingOnThisMachineException($"Raise the limit of open files to {FilesNeeded} or more (ulimit -n): {Count} requests are held at once.");
    }

    public static async Task<Held> MeasureAsync(Rig rig, int rounds, Action<string> progress, CancellationToken cancel)
    {
        await using var proxy = await rig.StartOursAsync(cancel);
        using (var first = new OpenLoop(proxy.Port, HttpText.Post(proxy.Path, rig.Key, Requests.Whole))) await first.RunAsync(100, FirstUse, Patience, cancel);
        using var callers = new OpenLoop(proxy.Port, HttpText.Post($"/api/d/{ControlPlane.Asleep}/v1/chat/completions", rig.Key, Requests.Whole));

        progress($"Holding {Count} requests");
        await Task.Delay(Settling, cancel);
        var before = PrivateKb(proxy);
        var (kbEach, errors, releases) = (0.0, 0, new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var calling = callers.RunAsync(ArrivePerSecond, Count, Patience, cancel);
            var holds = await rig.Plane.HoldsAsync(Count, Patience, cancel);
            if (round == 0)
            {
                await Task.Delay(Settling, cancel);
                kbEach = (PrivateKb(proxy) - before) / Math.Max(1, holds);
            }
            var woken = Stopwatch.GetTimestamp();
            await rig.Plane.WakeAsync(concurrency: Count, cancel);
            var sent = await calling;
            errors += sent.Count(a => !a.Served);
            if (round > 0) releases.Add((sent.Max(a => a.Answered) - woken) * 1000.0 / Stopwatch.Frequency);
            await rig.Plane.HibernateAsync(cancel);
            await rig.Plane.HoldsAsync(0, Patience, cancel);
            if (round == 0)
            {
                progress("Holding: warming");
                await rig.Wrk.RunAsync(proxy.Name, proxy.Url(proxy.Path), rig.Key, Requests.Whole, 32, WarmUpSeconds, cancel);
            }
            progress($"Letting {Count} requests go, {round} of {rounds}");
        }
        return new(kbEach, releases, errors);
    }

    private static double PrivateKb(Contestant proxy)
    {
        const string Row = "RssAnon:", Unit = "kB";
        var row = File.ReadLines($"/proc/{proxy.Process!.Pid}/status").First(l => l.StartsWith(Row, StringComparison.Ordinal));
        return double.Parse(row[Row.Length..].Replace(Unit, "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
