using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Reconciling;
using MassTransit;

namespace Hypervize.Provisioner.Telemetry;

/// <summary>Publishes what nodes say of themselves, every ten seconds. What the broker does not take soon is dropped: it is telemetry.</summary>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="probe">Asks them.</param>
/// <param name="reconciler">Tells whether this replica leads.</param>
/// <param name="bus">The bus.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class NodeReporter(LocalNodes nodes, NodeProbe probe, Reconciler reconciler, IBus bus, TimeProvider time, ILogger<NodeReporter> log) : BackgroundService
{
    private const int AtOnce = 64;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private bool _dropping;

    /// <summary>Asks nodes, many at once: one that is slow holds up nobody, and one that does not answer in time is left out.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="probe">Asks them.</param>
    /// <param name="at">Now.</param>
    /// <param name="cancel">Stops asking.</param>
    /// <returns>Null when none answered.</returns>
    internal static async Task<NodeReport?> AskAsync(IEnumerable<NodeManifest> nodes, NodeProbe probe, DateTimeOffset at, CancellationToken cancel)
    {
        var told = new ConcurrentQueue<NodeGauges>();
        await Parallel.ForEachAsync(nodes, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (node, stop) =>
        {
            if (await probe.GaugesAsync(node.Port, node.Probe, stop) is { } gauges)
                told.Enqueue(new(node.EndpointId, node.NodeId, gauges.Running, gauges.Waiting, gauges.CacheUsed));
        });
        return told.IsEmpty ? null : new(at, [.. told]);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!reconciler.Leads) continue; // All replicas observe the same nodes; one tells of them.
            // One that does not answer its health probe would not answer here either, and take the place of one that does.
            var asked = nodes.All.Where(n => n.Seen is { IsAlive: true, ReadyAt: not null, Unanswered: 0, CountsRequests: true }).Select(n => n.Manifest);
            if (await AskAsync(asked, probe, time.GetUtcNow(), stoppingToken) is { } report) await PublishAsync(report, stoppingToken);
        }
    }

    private async Task PublishAsync(NodeReport report, CancellationToken cancel)
    {
        // Publishing waits for a broker that is away, for as long as it is let.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await bus.Publish(report, limit.Token);
            _dropping = false;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            if (!_dropping) log.LogWarning("What nodes say of themselves is dropped until the broker is back: {Reason}", e.Message);
            _dropping = true;
        }
    }
}
