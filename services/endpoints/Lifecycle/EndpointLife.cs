using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Lifecycle;

/// <summary>How the facts of an endpoint's stream add up to its state.</summary>
public static class EndpointLife
{
    private const int MostRemembered = 5;

    /// <summary>Failed starts in a row that a provisioner may report before the endpoint is given up, or degraded.</summary>
    public const int FailedStartsAllowed = 3;

    /// <summary>The fold.</summary>
    public static Fold<EndpointState, EndpointEvent> Fold { get; } = new(Revision: 5, Evolve);

    /// <summary>Whether nodes are wanted in a status.</summary>
    /// <param name="status">The status.</param>
    public static bool IsLive(this EndpointStatus status) => status switch
    {
        EndpointStatus.Building or EndpointStatus.Up or EndpointStatus.Waking => true,
        EndpointStatus.Hibernated or EndpointStatus.Failed or EndpointStatus.Disabled or EndpointStatus.Deleted => false,
    };

    /// <summary>Nodes to begin with: one more than none, and never fewer than the owner wants.</summary>
    /// <param name="scaling">The owner's bounds.</param>
    public static int FirstNodes(this Scaling scaling) => Math.Max(1, scaling.Min);

    private static EndpointState Evolve(EndpointState? before, EndpointEvent e, long version)
    {
        if (e is EndpointCreated created) return Created(created, version);
        var state = before ?? throw new InvalidOperationException($"A stream can't begin with {e.GetType().Name}.");
        return e switch
        {
            EndpointProvisioning p => state with { Nodes = [.. state.Nodes, new(p.NodeId, NodeStatus.Starting, null, p.At, version)] },
            NodeReady r => Ready(state, r, version),
            NodeDraining d => state with { Nodes = [.. state.Nodes.Select(n => n.Id == d.NodeId ? n with { Status = NodeStatus.Draining, Since = d.At, SinceVersion = version } : n)] },
            NodeStopped s => Without(state, s.NodeId),
            NodeLost l => Without(state, l.NodeId) with
            {
                Degraded = state.Status == EndpointStatus.Up && l.FailedStarts >= FailedStartsAllowed ? l.Failure : state.Degraded,
            },
            EndpointScaled s => WithoutDegradation(state with { Wanted = s.To, DecisiveVersion = version }),
            EndpointHibernated h => To(state, EndpointStatus.Hibernated, 0, h.At, version),
            EndpointWoken w => To(state, EndpointStatus.Waking, w.Wanted, w.At, version),
            EndpointFailed f => To(state, EndpointStatus.Failed, 0, f.At, version) with { Failure = f.Failure },
            EndpointDisabled d => To(state, EndpointStatus.Disabled, 0, d.At, version),
            EndpointEnabled n => To(state, EndpointStatus.Building, n.Wanted, n.At, version),
            EndpointUpdated u => state with { Settings = u.Settings },
            EndpointDeleted d => To(state, EndpointStatus.Deleted, 0, d.At, version),
            _ => throw new InvalidOperationException($"An endpoint's stream holds no {e.GetType().Name}."),
        };
    }

    private static EndpointState Created(EndpointCreated c, long version) => new(
        c.EndpointId, c.AccountId, c.Settings, EndpointStatus.Building, c.At, c.Wanted, version, [], null, null, [], c.At, c.Settings, c.Plan);

    private static EndpointState To(EndpointState state, EndpointStatus status, int wanted, DateTimeOffset at, long version) =>
        state with { Status = status, StatusSince = at, Wanted = wanted, DecisiveVersion = version, Failure = null, Degraded = null };

    private static EndpointState Ready(EndpointState state, NodeReady ready, long version)
    {
        // A node that was let go of before it was ready stays let go of; its meter runs all the same.
        var known = state.Nodes.FirstOrDefault(n => n.Id == ready.NodeId);
        var node = known?.Status == NodeStatus.Draining
            ? known with { Address = ready.Address }
            : new EndpointNode(ready.NodeId, NodeStatus.Ready, ready.Address, ready.At, version);
        state = state with { Nodes = [.. state.Nodes.Select(n => n.Id == node.Id ? node : n), .. known is null ? (EndpointNode[])[node] : []] };
        if (node.Status == NodeStatus.Draining) return state;

        if (known is { Status: NodeStatus.Starting }) state = state with { RecentStartsMs = With(state.RecentStartsMs ?? [], ready.At - known.Since) };
        state = WithoutDegradation(state);
        return state.Status switch
        {
            EndpointStatus.Building => Up(state, ready.At, version),
            EndpointStatus.Waking => Up(state, ready.At, version) with { RecentWakesMs = With(state.RecentWakesMs, ready.At - state.StatusSince) },
            EndpointStatus.Up or EndpointStatus.Hibernated or EndpointStatus.Failed or EndpointStatus.Disabled or EndpointStatus.Deleted => state,
        };
    }

    private static EndpointState WithoutDegradation(EndpointState state) =>
        state.Nodes.Count(n => n.Status == NodeStatus.Ready) >= state.Wanted ? state with { Degraded = null } : state;

    private static EndpointState Up(EndpointState state, DateTimeOffset at, long version) =>
        state with { Status = EndpointStatus.Up, StatusSince = at, DecisiveVersion = version };

    private static EndpointState Without(EndpointState state, string nodeId) => state with { Nodes = [.. state.Nodes.Where(n => n.Id != nodeId)] };

    private static IReadOnlyList<int> With(IReadOnlyList<int> milliseconds, TimeSpan newest) =>
        [.. milliseconds.Append((int)Math.Clamp(newest.TotalMilliseconds, 0, int.MaxValue)).TakeLast(MostRemembered)];
}
