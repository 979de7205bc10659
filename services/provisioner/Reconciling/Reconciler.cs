using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>Keeps what runs at what is asked, on one replica at a time: the others observe, and take over when it dies.</summary>
/// <param name="upkeep">Looks at one endpoint.</param>
/// <param name="due">Endpoints to look at.</param>
/// <param name="look">Looks at what all endpoints ask.</param>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="capacities">The capacity streams.</param>
/// <param name="postgres">Where the leader's lock is.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class Reconciler(
    CapacityUpkeep upkeep, DueEndpoints due, EndpointsLook look, LocalNodes nodes, CapacityLog capacities, PostgresSettings postgres, TimeProvider time,
    ILogger<Reconciler> log) : LogLeader(postgres.ConnectionString, "provisioner reconciler", time, log)
{
    private const int AtOnce = 16;
    private static readonly TimeSpan SweepEach = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken lost)
    {
        // Before anything is done: a node that nobody has looked for would seem to be lost. Where it can't be looked for, nobody leads.
        nodes.Scan();
        await Task.WhenAll(SweepAsync(lost), look.RunAsync(lost), WorkAsync(lost));
    }

    private async Task WorkAsync(CancellationToken lost)
    {
        using var hands = new SemaphoreSlim(AtOnce);
        try
        {
            while (true)
            {
                await hands.WaitAsync(lost);
                _ = LookAsync(await due.TakeAsync(lost), hands, lost);
            }
        }
        catch (OperationCanceledException)
        {
            for (var hand = 1; hand < AtOnce; hand++) await hands.WaitAsync(CancellationToken.None);
        }
    }

    private async Task LookAsync(string endpointId, SemaphoreSlim hands, CancellationToken lost)
    {
        DateTimeOffset? again = Time.GetUtcNow() + RetryAfter;
        try
        {
            again = await upkeep.LookAsync(endpointId, lost);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // Whoever leads next looks at everything.
        }
        catch (Exception e)
        {
            log.LogWarning("Could not look after {EndpointId}, trying again: {Reason}", endpointId, e.Message);
        }
        finally
        {
            due.PutBack(endpointId, again);
            hands.Release();
        }
    }

    // What runs is listed before the streams are read: what is on the list and claimed by no stream then is claimed by nobody.
    private async Task SweepAsync(CancellationToken lost)
    {
        while (!lost.IsCancellationRequested)
        {
            try
            {
                nodes.Scan();
                var active = await capacities.ActiveAsync(lost);
                foreach (var endpointId in nodes.All.Where(n => n.Seen.IsAlive).Select(n => n.Manifest.EndpointId).Concat(active.Keys).Distinct()) due.Mark(endpointId);
                nodes.EndStrays(Young);
                nodes.TidyUp();
            }
            catch (Exception e) when (!lost.IsCancellationRequested)
            {
                log.LogWarning("Could not sweep, trying again: {Reason}", e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(SweepEach, Time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
