using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hypervize.Contracts;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Metering;

/// <summary>
/// Counts inference requests per endpoint and node, exactly: each count is in one interval, and no count is lost. A valid request
/// arrives once, may wait, may be dispatched to a node and finished there, more than once when it is tried again, and is completed
/// or failed once.
/// </summary>
public sealed class TrafficMeter
{
    private readonly ConcurrentDictionary<string, Counts> _endpoints = new(StringComparer.Ordinal);

    /// <summary>A valid request by someone allowed to make it arrived.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    public void Arrived(string endpointId) => Count(endpointId, static (c, _) => c.Started++, "");

    /// <summary>A request began to wait for a node, or (−1) stopped waiting.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="change">1 or −1.</param>
    public void Waiting(string endpointId, int change) => Count(endpointId, static (c, by) => c.Waiting += by, change);

    /// <summary>
    /// A request goes to a node. Call this first, then look the endpoint up again and send only if the node does not drain by now (else
    /// call <see cref="Finished"/> and choose again): a report that says "draining, none in flight" is then true for good.
    /// </summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="nodeId">The node.</param>
    public void Dispatched(string endpointId, string nodeId) => Count(endpointId, static (c, node) => c.Add(node, 1), nodeId);

    /// <summary>A request left a node, whatever came of it.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="nodeId">The node.</param>
    public void Finished(string endpointId, string nodeId) => Count(endpointId, static (c, node) => c.Add(node, -1), nodeId);

    /// <summary>A request ended, be it served or refused: what came of it, for whom. One that had arrived is completed, or failed when its status is 500 or more.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="request">What came of it.</param>
    internal void Ended(string endpointId, EndedRequest request) => Count(endpointId, static (c, r) => c.Add(r), request);

    /// <summary>Requests that this proxy has at a node now.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="nodeId">The node.</param>
    public int InFlight(string endpointId, string nodeId)
    {
        if (!_endpoints.TryGetValue(endpointId, out var counts)) return 0;
        lock (counts) return counts.Nodes.GetValueOrDefault(nodeId);
    }

    /// <summary>Whether this proxy has any request in line or at a node.</summary>
    public bool IsBusy
    {
        get
        {
            foreach (var counts in _endpoints.Values)
                lock (counts)
                    if (counts.Waiting > 0 || counts.Nodes.Count > 0) return true;
            return false;
        }
    }

    /// <summary>What was counted since the last call, and what is in flight and waiting now. Starts the next interval.</summary>
    /// <param name="table">Tells the version that is routed by, and which nodes drain.</param>
    public IReadOnlyList<EndpointTraffic> Take(RoutingTable table)
    {
        // Versions are read before counts: what is not counted yet looks its endpoint up later than this, and sees the drain (see Dispatched).
        var draining = table.Draining.ToDictionary(e => e.State.Id, StringComparer.Ordinal);
        var traffic = new List<EndpointTraffic>();
        foreach (var (id, counts) in _endpoints)
        {
            var routed = draining.Remove(id, out var drained) ? drained : table.TryGet(id, out var known) ? known : null;
            lock (counts)
            {
                if (drained is not null || !counts.AreZero) traffic.Add(counts.Report(id, routed));
                counts.Reset();
                if (!counts.AreZero) continue;
                counts.Retired = true;
                _endpoints.TryRemove(new(id, counts));
            }
        }
        traffic.AddRange(draining.Values.Select(e => new Counts().Report(e.State.Id, e)));
        return traffic;
    }

    private void Count<T>(string endpointId, Action<Counts, T> change, T argument)
    {
        while (true)
        {
            var counts = _endpoints.GetOrAdd(endpointId, static _ => new Counts());
            lock (counts)
            {
                if (counts.Retired) continue;
                change(counts, argument);
                return;
            }
        }
    }

    private sealed class Counts
    {
        public int Started, Completed, Failed, Waiting;
        public bool Retired;
        public readonly Dictionary<string, int> Nodes = new(StringComparer.Ordinal);
        private readonly Dictionary<string, UsageCounts> _usage = new(StringComparer.Ordinal);

        public bool AreZero => (Started | Completed | Failed | Waiting) == 0 && Nodes.Count == 0 && _usage.Count == 0;

        public void Add(EndedRequest request)
        {
            if (request is { HadArrived: true, Status: < 500 }) Completed++;
            else if (request.HadArrived) Failed++;
            (CollectionsMarshal.GetValueRefOrAddDefault(_usage, request.Key, out _) ??= new()).Add(request);
        }

        public void Add(string node, int change)
        {
            var after = Nodes.GetValueOrDefault(node) + change;
            if (after == 0) Nodes.Remove(node);
            else Nodes[node] = after;
        }

        public void Reset()
        {
            (Started, Completed, Failed) = (0, 0, 0);
            _usage.Clear();
        }

        public EndpointTraffic Report(string id, RoutedEndpoint? routed)
        {
            var idle = routed?.State.Nodes.Where(n => n.Status == NodeStatus.Draining && !Nodes.ContainsKey(n.Id)).Select(n => new NodeTraffic(n.Id, 0));
            return new(
                id, routed?.Version ?? 0, Started, Completed, Failed, Nodes.Values.Sum(), Waiting,
                [.. Nodes.Select(n => new NodeTraffic(n.Key, n.Value)), .. idle ?? []], _usage.Count == 0 ? null : [.. _usage.Select(u => u.Value.ToUsage(u.Key))]);
        }
    }
}
