using System.Collections.Concurrent;

namespace Hypervize.Proxy.Metering;

/// <summary>Counts the requests of one endpoint. Any number of these may count the same endpoint, in any number of threads.</summary>
public sealed class EndpointMeter
{
    private readonly string _endpointId;
    private readonly ConcurrentDictionary<string, EndpointCounts> _endpoints;
    private EndpointCounts _counts;

    /// <summary>One that counts into the interval that runs.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="endpoints">The counts of all endpoints.</param>
    internal EndpointMeter(string endpointId, ConcurrentDictionary<string, EndpointCounts> endpoints) =>
        (_endpointId, _endpoints, _counts) = (endpointId, endpoints, Current(endpointId, endpoints));

    /// <summary>A valid request by someone allowed to make it arrived.</summary>
    public void Arrived() => Count(static (c, _) => c.Started++, 0);

    /// <summary>The same, and it goes to a node at once: see <see cref="Dispatched"/>.</summary>
    /// <param name="nodeId">The node.</param>
    public void ArrivedAndDispatched(string nodeId) => Count(
        static (c, node) =>
        {
            c.Started++;
            c.Add(node, 1);
        }, nodeId);

    /// <summary>A request began to wait for a node, or (−1) stopped waiting.</summary>
    /// <param name="change">1 or −1.</param>
    public void Waiting(int change) => Count(static (c, by) => c.Waiting += by, change);

    /// <summary>
    /// A request goes to a node. Call this first, then look the endpoint up again and send only if the node does not drain by now (else
    /// call <see cref="Finished"/> and choose again): a report that says "draining, none in flight" is then true for good.
    /// </summary>
    /// <param name="nodeId">The node.</param>
    public void Dispatched(string nodeId) => Count(static (c, node) => c.Add(node, 1), nodeId);

    /// <summary>A request left a node, whatever came of it.</summary>
    /// <param name="nodeId">The node.</param>
    public void Finished(string nodeId) => Count(static (c, node) => c.Add(node, -1), nodeId);

    /// <summary>A request ended, be it served or refused: what came of it, for whom. One that had arrived is completed, or failed when its status is 500 or more.</summary>
    /// <param name="request">What came of it.</param>
    internal void Ended(EndedRequest request) => Count(static (c, r) => c.Add(r), request);

    private static EndpointCounts Current(string endpointId, ConcurrentDictionary<string, EndpointCounts> endpoints) => endpoints.GetOrAdd(endpointId, static _ => new());

    private void Count<T>(Action<EndpointCounts, T> change, T argument)
    {
        for (var counts = _counts; ; _counts = counts = Current(_endpointId, _endpoints))
        {
            lock (counts)
            {
                if (counts.AreRetired) continue;
                change(counts, argument);
                return;
            }
        }
    }
}
