using Hypervize.Bench.Lifecycle;
using Hypervize.Contracts;

namespace Hypervize.Bench.Dashboard;

/// <summary>A fleet of many endpoints, that rests: they are switched off once they are there, so that only the pages are at work.</summary>
internal static class FleetOf
{
    private const int AtOnce = 8;

    /// <returns>Their ids, in the order of their creation.</returns>
    public static async Task<IReadOnlyList<string>> CreateAsync(Stage stage, int count, Action<string> progress, CancellationToken cancel)
    {
        var ids = new string[count];
        var there = 0;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (i, each) =>
        {
            ids[i] = await stage.CreateAsync($"fleet-{i:0000}", each);
            await stage.DoAsync(ids[i], "disable", each);
            await stage.Heard.FirstAsync(ids[i], m => m.State is { Status: EndpointStatus.Disabled, Nodes.Count: 0 }, each);
            if (Interlocked.Increment(ref there) % 50 == 0) progress($"Creating a fleet, {there} of {count}");
        });
        return ids;
    }
}
