using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Nodes;

/// <summary>
/// The connections to all nodes, by node id, which is never used again as an address may be. A node that the read model no longer lists is gone:
/// what is under way there is cut, so that nobody waits for the answer of a machine that does not exist.
/// </summary>
public sealed class NodePools : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, NodePool> _pools = new(StringComparer.Ordinal);
    private readonly RoutingTable _table;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _room;
    private readonly ConnectionShares _shares;
    private readonly ILogger<NodePools> _log;

    /// <summary>Pools that follow a read model.</summary>
    /// <param name="table">The read model.</param>
    /// <param name="shares">How many connections there may be.</param>
    /// <param name="time">Time.</param>
    /// <param name="log">Log.</param>
    public NodePools(RoutingTable table, ConnectionShares shares, TimeProvider time, ILogger<NodePools> log)
    {
        (_table, _time, _shares, _room, _log) = (table, time, shares, new(shares.Nodes), log);
        table.Changed += Follow;
    }

    /// <summary>The connections to a node.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="node">The node; it has an address.</param>
    internal NodePool Of(string endpointId, EndpointNode node)
    {
        if (_pools.TryGetValue(node.Id, out var pool)) return pool;
        pool = _pools.GetOrAdd(node.Id, static (_, made) => new NodePool(made.Endpoint, made.Address, made.Room, made.Time), (Endpoint: endpointId, Address: new Uri(node.Address!), Room: _room, Time: _time));
        // It may have gone while its pool was made.
        if (_table.TryGet(endpointId, out var now)) Follow(now);
        return pool;
    }

    /// <summary>Cuts all that is under way at nodes, whose clients are told so.</summary>
    public void Cut()
    {
        foreach (var pool in _pools.Values) pool.Dispose();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Cut();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_shares.Clients < ConnectionShares.ManyClients)
            _log.LogWarning("Only {Clients} clients can be connected at once, and more are turned away: this process may open no more than {Files} files. Raise that limit (ulimit -n, LimitNOFILE=).",
                _shares.Clients, OpenFiles.Limit);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Tick, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var pool in _pools.Values) pool.Sweep();
        }
    }

    private void Follow(RoutedEndpoint endpoint)
    {
        foreach (var (nodeId, pool) in _pools)
            if (pool.EndpointId == endpoint.State.Id && endpoint.State.Nodes.All(n => n.Id != nodeId) && _pools.TryRemove(nodeId, out var gone)) gone.Dispose();
    }
}
