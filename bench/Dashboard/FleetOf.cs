using Hypervize.Bench.Lifecycle;
using Hypervize.Contracts;

namespace Hypervize.Bench.Dashboard;

/// <summary>A fleet of many endpoints, that rests: they are switched off once they are there, so that only the pages are at work.</summary>
internal static class FleetOf
{
    private const int AtOnce = 8;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <returns>Their ids, in the order of their creation.</returns>
    public static async Task<IReadOnlyList<string>> CreateAsync(Stage stage, int count, Action<string> progress, CancellationToken cancel)
    {
        var ids = new string[count];
        var there = 0;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (i, each) =>
        {
            ids[i] = await stage.CreateAsync($"fleet-{i:0000}", each);
            await stage.DoAsync(ids[i], "disable", each);
            if (Interlocked.Increment(ref there) % 50 == 0) progress($"Creating a fleet, {there} of {count}");
        });
        progress("Waiting for the fleet to rest");
        while (ids.Except(stage.Heard.Arrivals.Where(a => a.Message.State is { Status: EndpointStatus.Disabled, Nodes.Count: 0 }).Select(a => a.Message.EndpointId)).Any()) await Task.Delay(LookEvery, cancel);
        return ids;
    }
}
