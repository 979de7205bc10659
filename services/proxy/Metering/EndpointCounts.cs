using System.Runtime.InteropServices;
using Hypervize.Contracts;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Metering;

/// <summary>What was counted of one endpoint in the interval that runs. Whoever uses it holds its lock.</summary>
internal sealed class EndpointCounts
{
    private readonly Dictionary<string, int> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UsageCounts> _usage = new(StringComparer.Ordinal);
    private int _completed, _failed;

    /// <summary>Requests that arrived.</summary>
    public int Started { get; set; }

    /// <summary>Requests in line now.</summary>
    public int Waiting { get; set; }

    /// <summary>Whether they were given up since they were zero: there may be others by now.</summary>
    public bool AreRetired { get; set; }

    /// <summary>Whether there is nothing to say of them.</summary>
    public bool AreZero => (Started | _completed | _failed | Waiting) == 0 && _nodes.Count == 0 && _usage.Count == 0;

    /// <summary>Whether requests are in line or at nodes.</summary>
    public bool AreBusy => Waiting > 0 || _nodes.Count > 0;

    /// <summary>Requests at a node now.</summary>
    /// <param name="node">The node.</param>
    public int InFlight(string node) => _nodes.GetValueOrDefault(node);

    /// <summary>Adds one that ended.</summary>
    /// <param name="request">What came of it.</param>
    public void Add(EndedRequest request)
    {
        if (request is { HadArrived: true, Status: < 500 }) _completed++;
        else if (request.HadArrived) _failed++;
        (CollectionsMarshal.GetValueRefOrAddDefault(_usage, request.Key, out _) ??= new()).Add(request);
    }

    /// <summary>Requests came to a node, or left it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="change">How many; negative for those that left.</param>
    public void Add(string node, int change)
    {
        ref var inFlight = ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, node, out _);
        if ((inFlight += change) == 0) _nodes.Remove(node);
    }

    /// <summary>Starts the next interval.</summary>
    public void Reset()
    {
        (Started, _completed, _failed) = (0, 0, 0);
        _usage.Clear();
    }

    /// <summary>What is reported of them.</summary>
    /// <param name="id">The endpoint.</param>
    /// <param name="routed">The endpoint as it is routed; null when it is not known.</param>
    public EndpointTraffic Report(string id, RoutedEndpoint? routed)
    {
        var idle = routed?.State.Nodes.Where(n => n.Status == NodeStatus.Draining && !_nodes.ContainsKey(n.Id)).Select(n => new NodeTraffic(n.Id, 0));
        return new(
            id, routed?.Version ?? 0, Started, _completed, _failed, _nodes.Values.Sum(), Waiting,
            [.. _nodes.Select(n => new NodeTraffic(n.Key, n.Value)), .. idle ?? []], _usage.Count == 0 ? null : [.. _usage.Select(u => u.Value.ToUsage(u.Key))]);
    }
}
