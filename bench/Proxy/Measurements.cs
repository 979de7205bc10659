using System.Diagnostics;
using Hypervize.Bench.Load;

namespace Hypervize.Bench.Proxy;

/// <summary>All samples of a run, by contestant and round; null for what was not asked for.</summary>
/// <param name="Folder">Where everything is kept.</param>
/// <param name="Requests">At saturation.</param>
/// <param name="Streams">CPU microseconds per chunk.</param>
/// <param name="Latency">At a moderate load.</param>
/// <param name="Held">Held requests.</param>
/// <param name="Strangers">Percent of the measured core's time that went to none of the contestants while they were compared: much of it makes figures worth little.</param>
internal sealed record Measurements(
    string Folder, Dictionary<string, List<Saturated>>? Requests = null, Dictionary<string, List<double>>? Streams = null, Dictionary<string, List<Quantiles>>? Latency = null, Held? Held = null,
    double? Strangers = null)
{
    private const string OfRequests = "requests";
    private const string OfStreams = "streams";
    private const string OfLatency = "latency";
    private const string OfHeld = "held";

    private const string CpuAtSaturation = "proxy's CPU per request, 32 connections, 1 KB each way";
    private const string RateAtSaturation = "requests/s over 32 connections, one core";

    /// <summary>What can be measured.</summary>
    public static IReadOnlyList<string> All { get; } = [OfRequests, OfStreams, OfLatency, OfHeld];

    /// <summary>Measures.</summary>
    /// <param name="only">What to measure.</param>
    /// <param name="against">Whom to measure beside ours.</param>
    /// <param name="rounds">Rounds.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<Measurements> TakeAsync(string[] only, string[] against, int rounds, Action<string> progress, CancellationToken cancel)
    {
        if (only.Contains(OfHeld)) Holding.Check(); // Better known now than in ten minutes.
        using var turn = await Turn.WaitAsync(progress, cancel);
        await using var rig = await Rig.SetAsync(progress, cancel);
        var taken = new Measurements(rig.Folder);
        if (only.Any(o => o != OfHeld)) taken = await CompareAsync(taken, rig, only, against, rounds, progress, cancel);
        return only.Contains(OfHeld) ? taken with { Held = await Holding.MeasureAsync(rig, Math.Min(rounds, 5), progress, cancel) } : taken;
    }

    /// <summary>The figures of all that was measured.</summary>
    public IReadOnlyList<Figure> Figures() => [.. OfSaturation(), .. OfChunks(), .. OfTimes(), .. OfHolding(), .. OfTheMachine()];

    private static async Task<Measurements> CompareAsync(
        Measurements taken, Rig rig, string[] only, string[] against, int rounds, Action<string> progress, CancellationToken cancel)
    {
        var contestants = new List<Contestant>();
        var (began, busy) = (Stopwatch.GetTimestamp(), Cores.BusySeconds());
        try
        {
            foreach (var name in against.Prepend(Contestants.Ours))
            {
                progress($"Starting {name}");
                contestants.Add(await Contestants.StartAsync(name, rig, progress, cancel));
            }
            await Saturation.WarmAsync(rig, contestants, progress, cancel);
            if (only.Contains(OfRequests)) taken = taken with { Requests = await Saturation.MeasureAsync(rig, contestants, rounds, progress, cancel) };
            if (only.Contains(OfStreams)) taken = taken with { Streams = await Bench.Proxy.Streams.MeasureAsync(rig, Among(Contestants.Ours, Contestants.Yarp, Contestants.Nginx), rounds, progress, cancel) };
            if (only.Contains(OfLatency))
                taken = taken with { Latency = await Bench.Proxy.Latency.MeasureAsync(rig, [Contestants.Node(rig), .. Among(Contestants.Ours, Contestants.Yarp, Contestants.Nginx)], rounds, progress, cancel) };
            var strangers = Cores.BusySeconds() - busy - contestants.Sum(c => c.CpuSeconds);
            return taken with { Strangers = 100 * strangers / Stopwatch.GetElapsedTime(began).TotalSeconds };
        }
        finally
        {
            foreach (var contestant in contestants) await contestant.DisposeAsync();
        }

        IReadOnlyList<Contestant> Among(params string[] names) => [.. contestants.Where(c => names.Contains(c.Name))];
    }

    private IEnumerable<Figure> OfSaturation()
    {
        if (Requests is null) yield break;
        foreach (var (name, samples) in Requests)
            yield return new($"{name}: CPU", "µs/request", Spread.Of([.. samples.Select(s => s.CpuMicroseconds)]), null, CpuAtSaturation) { ForPeople = true };
        foreach (var (name, samples) in Requests)
            yield return new($"{name}: rate", "requests/s", Spread.Of([.. samples.Select(s => s.PerSecond)]), null, RateAtSaturation) { ForPeople = true };
        foreach (var (name, key, mostCpu, leastRate) in new (string, string, double?, double?)[]
        {
            (Contestants.Yarp, "vsYarp", 0.50, 2.0), (Contestants.Nginx, "vsNginx", 1.30, null), (Contestants.Haproxy, "vsHaproxy", null, null), (Contestants.YarpTuned, "vsYarpTuned", null, null),
        })
        {
            if (!Requests.ContainsKey(name)) continue;
            var forPeople = mostCpu is null;
            yield return new($"cpuPerRequest.{key}", "", Paired(Requests, name, s => s.CpuMicroseconds, Ratio), mostCpu, $"ours by {name}'s: {CpuAtSaturation}") { ForPeople = forPeople };
            yield return new($"rps.{key}", "", Paired(Requests, name, s => s.PerSecond, Ratio), leastRate, $"ours by {name}'s: {RateAtSaturation}") { AtLeast = true, ForPeople = forPeople };
        }
    }

    private IEnumerable<Figure> OfChunks()
    {
        if (Streams is null) yield break;
        const string What = "proxy's CPU per chunk, 200 streams, each a chunk every 20 ms";
        foreach (var (name, samples) in Streams) yield return new($"{name}: CPU", "µs/chunk", Spread.Of(samples), null, What) { ForPeople = true };
        if (Streams.ContainsKey(Contestants.Yarp)) yield return new("sse.cpuPerChunkVsYarp", "", Paired(Streams, Contestants.Yarp, s => s, Ratio), 0.75, $"ours by yarp's: {What}");
    }

    private IEnumerable<Figure> OfTimes()
    {
        if (Latency is null) yield break;
        var what = $"at {Bench.Proxy.Latency.PerSecond} requests/s, each sent when it is due";
        foreach (var (name, samples) in Latency)
        {
            yield return new($"{name}: p50", "ms", Spread.Of([.. samples.Select(s => s.P50)]), null, what) { ForPeople = true };
            yield return new($"{name}: p95", "ms", Spread.Of([.. samples.Select(s => s.P95)]), null, what) { ForPeople = true };
        }
        if (Latency.ContainsKey(Contestants.Nginx)) yield return new("latency.addedP50OverNginxMs", "ms", Paired(Latency, Contestants.Nginx, s => s.P50, Difference), 0.1, $"ours less nginx's, {what}");
        yield return new("latency.addedP95Ms", "ms", Paired(Latency, Contestants.Direct, s => s.P95, Difference), 1, $"ours less the node's own, {what}");
    }

    private IEnumerable<Figure> OfHolding()
    {
        if (Held is null) yield break;
        yield return new("held.kbEach", "KiB", Held.KbEach, 8, $"growth of the proxy's anonymous resident memory (RssAnon) over {Holding.Count} held requests, connections included, each");
        yield return new("held.release10kMs", "ms", Spread.Of([.. Held.ReleasesMs]), 600, $"NodeReady published → last of {Holding.Count} answers");
        yield return new("held.errors", "", Held.Errors, 0, "held requests that were not served");
    }

    private IEnumerable<Figure> OfTheMachine()
    {
        if (Strangers is { } percent) yield return new("strangers", "%", percent, null, "of the measured core's time went to none of the contestants") { ForPeople = true };
    }

    private static Spread Paired<T>(Dictionary<string, List<T>> samples, string with, Func<T, double> of, Func<double, double, double> compare) =>
        Spread.OfPairs(samples[Contestants.Ours].Select(of), samples[with].Select(of), compare);

    private static double Ratio(double ours, double theirs) => ours / theirs;

    private static double Difference(double ours, double theirs) => ours - theirs;
}
