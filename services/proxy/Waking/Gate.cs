using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Waking;

/// <summary>
/// The gate of one endpoint: requests pass to the least busy ready node while one has room, and wait in line otherwise, first come,
/// first served. Plain and synchronous: whoever calls holds its lock.
/// </summary>
public sealed class Gate
{
    private readonly LinkedList<Waiter> _line = [];

    // Those that the endpoint lists, and those that it lists no more while requests are at them.
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private Place[] _listed = [];
    private int _turns;

    /// <summary>A gate that nobody has come to yet.</summary>
    /// <param name="endpoint">The endpoint as it is routed.</param>
    /// <param name="meter">Counts its requests.</param>
    public Gate(RoutedEndpoint endpoint, EndpointMeter meter)
    {
        (Endpoint, Meter) = (endpoint, meter);
        List();
    }

    /// <summary>The endpoint as it is routed.</summary>
    public RoutedEndpoint Endpoint { get; private set; }

    /// <summary>Counts its requests. It needs no lock.</summary>
    public EndpointMeter Meter { get; }

    /// <summary>Whether it knows all that changed before it was there to follow it.</summary>
    public bool HasCaughtUp { get; set; }

    /// <summary>Requests in line.</summary>
    public int Waiting => _line.Count;

    /// <summary>Bytes of their bodies.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Requests at a node.</summary>
    /// <param name="nodeId">The node.</param>
    public int InFlight(string nodeId) => _places.GetValueOrDefault(nodeId)?.InFlight ?? 0;

    /// <summary>Whether it may be forgotten: its endpoint is gone, and nothing is in line or at nodes.</summary>
    public bool IsOver => Endpoint.State.Status == EndpointStatus.Deleted && _line.Count == 0 && _places.Values.All(p => p.InFlight == 0);

    /// <summary>Takes the node that a request may go to at once; null when it must wait. Nobody overtakes the line, but who had a turn already.</summary>
    /// <param name="first">Whether it had a turn, which came to nothing.</param>
    public EndpointNode? TryPass(bool first = false) => first || _line.Count == 0 ? Take() : null;

    /// <summary>Puts a request at the end of the line, or at its head when it was turned away by a node that could not be reached, though not before those that came earlier.</summary>
    /// <param name="waiter">The request.</param>
    /// <param name="first">At the head.</param>
    public void Enter(Waiter waiter, bool first = false)
    {
        var next = first ? _line.First : null;
        while (next?.Value.ArrivedAt < waiter.ArrivedAt) next = next.Next;
        waiter.Place = next is null ? _line.AddLast(waiter) : _line.AddBefore(next, waiter);
        WaitingBytes += waiter.Bytes;
    }

    /// <summary>Takes a request out of the line.</summary>
    /// <param name="waiter">The request.</param>
    /// <returns>Whether it was in line.</returns>
    public bool Leave(Waiter waiter)
    {
        if (waiter.Place is not { } place) return false;
        _line.Remove(place);
        waiter.Place = null;
        WaitingBytes -= waiter.Bytes;
        return true;
    }

    /// <summary>A request left a node.</summary>
    /// <param name="nodeId">The node.</param>
    public void Finished(string nodeId)
    {
        var place = _places[nodeId];
        place.InFlight--;
        if (place is { InFlight: 0, IsListed: false }) _places.Remove(nodeId);
    }

    /// <summary>A node failed: it gets nothing new until it is trusted again.</summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>Whether it was trusted until now.</returns>
    public bool Suspect(string nodeId)
    {
        if (!_places.TryGetValue(nodeId, out var place) || place is not { IsListed: true, IsSuspect: false }) return false;
        place.IsSuspect = true;
        return true;
    }

    /// <summary>A node that had failed answers again.</summary>
    /// <param name="nodeId">The node.</param>
    public void Trust(string nodeId)
    {
        if (_places.TryGetValue(nodeId, out var place)) place.IsSuspect = false;
    }

    /// <summary>Whether a node is suspected, and still one of the endpoint's.</summary>
    /// <param name="nodeId">The node.</param>
    public bool IsSuspect(string nodeId) => _places.TryGetValue(nodeId, out var place) && place.IsSuspect;

    /// <summary>Follows a change of the endpoint. What is newest, the routing table knows: after the log went back, it is an earlier version.</summary>
    /// <param name="endpoint">The endpoint.</param>
    public void Follow(RoutedEndpoint endpoint)
    {
        if (ReferenceEquals(endpoint, Endpoint)) return;
        Endpoint = endpoint;
        List();
    }

    /// <summary>Gives turns from the head of the line while there is room, or tells everybody why there never will be.</summary>
    /// <param name="now">Now.</param>
    public void Release(DateTimeOffset now)
    {
        if (_line.Count == 0) return;
        var refusal = Callability.Refusal(Endpoint, now);
        while (_line.First is { } first)
        {
            if (refusal is not null) Decide(first.Value, new(null, refusal));
            else if (Take() is { } node) Decide(first.Value, new(node, null));
            else return;
        }
    }

    /// <summary>Tells everybody in line the same.</summary>
    /// <param name="error">Why they go nowhere.</param>
    public void TurnAway(InferenceError error)
    {
        while (_line.First is { } first) Decide(first.Value, new(null, error));
    }

    /// <summary>Ends the holds that ran out.</summary>
    /// <param name="time">Time.</param>
    public void Sweep(TimeProvider time)
    {
        var (now, at) = (time.GetUtcNow(), time.GetTimestamp());
        Release(now);
        for (var place = _line.First; place is not null;)
        {
            var (waiter, next) = (place.Value, place.Next);
            if (time.GetElapsedTime(waiter.Since, at) >= waiter.Hold) Decide(waiter, new(null, Callability.HeldInVain(Endpoint, now)));
            place = next;
        }
    }

    private void Decide(Waiter waiter, Turn turn)
    {
        Leave(waiter);
        waiter.Decide(turn);
    }

    private void List()
    {
        _listed = [.. Endpoint.State.Nodes.Select(node => _places.TryGetValue(node.Id, out var known) ? known.With(node) : _places[node.Id] = new(node))];
        foreach (var left in _places.Values.Except(_listed).ToList())
        {
            (left.IsListed, left.IsSuspect) = (false, false);
            if (left.InFlight == 0) _places.Remove(left.Node.Id);
        }
    }

    private EndpointNode? Take()
    {
        Place? best = null;
        var least = Endpoint.State.Settings.Scaling.Concurrency;
        for (var i = 0; i < _listed.Length; i++)
        {
            // Each search begins at another node, so that equals take turns.
            var place = _listed[(i + _turns) % _listed.Length];
            if (place is { IsSuspect: false, Node: { Status: NodeStatus.Ready, Address: not null } } && place.InFlight < least) (best, least) = (place, place.InFlight);
        }
        if (best is null) return null;
        _turns = (_turns + 1) % _listed.Length;
        best.InFlight++;
        return best.Node;
    }

    // A node, as its gate sees it.
    private sealed class Place(EndpointNode node)
    {
        public EndpointNode Node { get; private set; } = node;

        public int InFlight { get; set; }

        public bool IsListed { get; set; } = true;

        public bool IsSuspect { get; set; }

        public Place With(EndpointNode node)
        {
            (Node, IsListed) = (node, true);
            return this;
        }
    }
}
