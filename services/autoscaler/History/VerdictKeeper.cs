using Hypervize.EventSourcing;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.History;

/// <summary>
/// Keeps what the policy found, on one autoscaler at a time: all of them evaluate, and find the same. Scaling does not need the database; while it is away, findings
/// wait.
/// </summary>
/// <param name="verdicts">What the policy found.</param>
/// <param name="store">Where it is kept.</param>
/// <param name="postgres">The database.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class VerdictKeeper(Verdicts verdicts, VerdictStore store, PostgresSettings postgres, TimeProvider time, ILogger<VerdictKeeper> log)
    : LogLeader(postgres.ConnectionString, "autoscaler findings", time, log)
{
    private const int AtATime = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tidying = TimeSpan.FromHours(1);
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken lost)
    {
        await store.PrepareAsync(lost);
        // Up to then the one that led before has kept it.
        var kept = await store.LastAsync(lost);
        var tidied = DateTimeOffset.MinValue;
        while (!lost.IsCancellationRequested)
        {
            await SaveAsync(verdicts.Take(all: false), kept, lost);
            if (Time.GetUtcNow() - tidied >= Tidying)
            {
                tidied = Time.GetUtcNow();
                await store.ForgetAsync(tidied - VerdictStore.Kept, lost);
            }
            await Task.Delay(Interval, Time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        using var patience = new CancellationTokenSource(PatienceAtTheEnd, Time);
        await SaveAsync(verdicts.Take(all: true), kept, patience.Token);
    }

    private async Task SaveAsync(IReadOnlyList<VerdictRun> taken, DateTimeOffset kept, CancellationToken cancel)
    {
        try
        {
            // One that goes on is there twice after it could not be kept.
            foreach (var some in taken.Where(r => r.To > kept).GroupBy(r => (r.EndpointId, r.From)).Select(r => r.MaxBy(t => t.To)!).Chunk(AtATime)) await store.SaveAsync(some, cancel);
        }
        catch (Exception)
        {
            verdicts.GiveBack(taken);
            throw;
        }
    }
}
