using System.Collections.Concurrent;
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
    private readonly ConcurrentDictionary<string, EndpointCounts> _endpoints = new(StringComparer.Ordinal);

    /// <summary>What counts one endpoint's requests. Whoever counts often keeps it.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public EndpointMeter Of(string endpointId) => new(endpointId, _endpoints);

    /// <summary>Requests that this proxy has at a node now.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="nodeId">The node.</param>
    public int InFlight(string endpointId, string nodeId)
    {
        if (!_endpoints.TryGetValue(endpointId, out var counts)) return 0;
        lock (counts) return counts.InFlight(nodeId);
    }

    /// <summary>Whether this proxy has any request in line or at a node.</summary>
    public bool IsBusy
    {
        get
        {
            foreach (var counts in _endpoints.Values)
                lock (counts)
                    if (counts.AreBusy) return true;
            return false;
        }
    }

    /// <summary>What was counted since the last call, and what is in flight and waiting now. Starts the next interval.</summary>
    /// <param name="table">Tells the version that is routed by, and which nodes drain.</param>
    public IReadOnlyList<EndpointTraffic> Take(RoutingTable table)
    {
        // Versions are read before counts: what is not counted yet looks its endpoint up later than this, and sees the drain (see EndpointMeter.Dispatched).
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
                counts.AreRetired = true;
                _endpoints.TryRemove(new(id, counts));
            }
        }
        traffic.AddRange(draining.Values.Select(e => new EndpointCounts().Report(e.State.Id, e)));
        return traffic;
    }
}
