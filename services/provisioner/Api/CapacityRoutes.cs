using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Reconciling;

namespace Hypervize.Provisioner.Api;

/// <summary>A node that runs on this machine.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="EndpointId">Its endpoint.</param>
/// <param name="Pid">Pid of its main process.</param>
/// <param name="Address">Base URL that proxies reach it by.</param>
/// <param name="Spec">What it runs.</param>
/// <param name="SpawnedAt">When it was spawned.</param>
/// <param name="ReadyAt">Its first healthy answer.</param>
/// <param name="LastHealthyAt">Its last healthy answer.</param>
/// <param name="Folder">Its folder, with its output and its serving log.</param>
public sealed record RunningNode(
    string NodeId, string EndpointId, int Pid, string Address, NodeSpec Spec, DateTimeOffset SpawnedAt, DateTimeOffset? ReadyAt, DateTimeOffset? LastHealthyAt, string Folder);

/// <summary>What other services ask the provisioner.</summary>
public static class CapacityRoutes
{
    /// <summary>Maps the routes under <c>/internal</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapCapacity(this WebApplication app)
    {
        var routes = app.MapGroup("/internal").ForServicesOnly();
        routes.MapGet("/capacity/versions", (CapacityLog capacities, CancellationToken cancel) => capacities.VersionsAsync(cancel));
        routes.MapGet("/capacity/{endpointId}/events", (string endpointId, CapacityLog capacities, CancellationToken cancel, long after = 0) =>
            capacities.AfterAsync(endpointId, after, cancel));
        routes.MapGet("/nodes", (LocalNodes nodes) => nodes.All.Where(n => n.Seen.IsAlive).Select(n => new RunningNode(
            n.Manifest.NodeId, n.Manifest.EndpointId, n.Process.Pid, n.Manifest.Address, n.Manifest.Spec, n.Manifest.SpawnedAt, n.Seen.ReadyAt, n.Seen.LastHealthyAt,
            n.Folder.Path)));
    }
}
