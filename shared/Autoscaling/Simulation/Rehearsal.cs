namespace Hypervize.Autoscaling.Simulation;

/// <summary>What an endpoint costs.</summary>
/// <param name="NodePerHour">US dollars per hour of a node.</param>
/// <param name="AddOnsPerHour">US dollars per hour in which it has a node, for its add-ons.</param>
public readonly record struct Prices(decimal NodePerHour, decimal AddOnsPerHour = 0);

/// <summary>How long requests waited: the whole seconds within which a share of them was let through or refused.</summary>
/// <param name="P50">Half of them.</param>
/// <param name="P95">95 of 100.</param>
/// <param name="P99">99 of 100.</param>
public readonly record struct WaitSeconds(int P50, int P95, int P99);

/// <summary>A part of a rehearsal, to be drawn.</summary>
/// <param name="Second">When it begins, seconds after the traffic began.</param>
/// <param name="AtOnce">Requests at once, at nodes and waiting, on average.</param>
/// <param name="Nodes">Nodes that serve, on average.</param>
/// <param name="Waiting">The most requests that waited.</param>
public readonly record struct RehearsedPart(int Second, double AtOnce, double Nodes, double Waiting);

/// <summary>What came of one setting.</summary>
/// <param name="Name">What people know it by.</param>
/// <param name="Settings">How it was set, by <see cref="Setting.Name"/>.</param>
/// <param name="NodeHours">Hours of nodes, from ready until drained.</param>
/// <param name="CostUsd">US dollars, add-ons included.</param>
/// <param name="Wakes">How often it was woken.</param>
/// <param name="Changes">How often the number of nodes was changed.</param>
/// <param name="WaitSeconds">How long requests waited.</param>
/// <param name="Refused">Requests that waited for as long as they are held.</param>
/// <param name="Chart">The whole time, in parts.</param>
public sealed record RehearsedRun(
    string Name, IReadOnlyDictionary<string, double> Settings, double NodeHours, decimal CostUsd, int Wakes, int Changes, WaitSeconds WaitSeconds, double Refused, IReadOnlyList<RehearsedPart> Chart);

/// <summary>Settings of an endpoint tried on the same traffic, side by side.</summary>
/// <param name="From">When the traffic began.</param>
/// <param name="Seconds">How long it lasted.</param>
/// <param name="Requests">Requests in all.</param>
/// <param name="PricePerHour">US dollars per hour of a node.</param>
/// <param name="AddOnsPerHour">US dollars per hour in which it has a node, for its add-ons.</param>
/// <param name="Runs">What came of each.</param>
public sealed record Rehearsal(DateTimeOffset From, int Seconds, long Requests, decimal PricePerHour, decimal AddOnsPerHour, IReadOnlyList<RehearsedRun> Runs)
{
    /// <summary>Name of the setting that others are compared with.</summary>
    public const string Current = "current";

    private const int Parts = 72;

    /// <summary>Tries settings.</summary>
    /// <param name="traffic">The traffic.</param>
    /// <param name="prices">What the endpoint costs.</param>
    /// <param name="current">As it is set.</param>
    /// <param name="tried">Another setting, and its name; null for none.</param>
    public static Rehearsal Of(Traffic traffic, Prices prices, Setup current, (string Name, Setup Setup)? tried)
    {
        List<RehearsedRun> runs = [Run(Current, current)];
        if (tried is var (name, setup)) runs.Add(Run(name, setup));
        return new(traffic.From, traffic.Seconds, traffic.Requests, prices.NodePerHour, prices.AddOnsPerHour, runs);

        RehearsedRun Run(string name, Setup setup)
        {
            var it = Simulator.Run(traffic, setup, Parts);
            return new(
                name, Setting.All.Where(s => s.Of(setup) is not null).ToDictionary(s => s.Name, s => Math.Round(s.Of(setup)!.Value, 3)), Math.Round(it.NodeHours, 6), Math.Round((decimal)it.NodeHours * prices.NodePerHour + (decimal)it.ServedHours * prices.AddOnsPerHour, 6), it.Wakes, it.Changes.Count,
                new(it.Wait(0.5), it.Wait(0.95), it.Wait(0.99)), Math.Round(it.Refused, 1),
                [.. it.Chart.Select(s => new RehearsedPart(s.Second, Math.Round(s.Demand, 2), Math.Round(s.Nodes, 2), Math.Round(s.Waiting, 1)))]);
        }
    }
}
