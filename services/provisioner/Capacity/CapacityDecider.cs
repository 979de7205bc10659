using Hypervize.Contracts;
using Decision = Hypervize.EventSourcing.Decision<Hypervize.Contracts.CapacityEvent>;

namespace Hypervize.Provisioner.Capacity;

/// <summary>What the newest version of an endpoint asks of its capacity.</summary>
/// <param name="EndpointVersion">Endpoint stream version.</param>
/// <param name="AccountId">Owning account.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Spec">What each runs.</param>
/// <param name="Releases">Nodes that drain.</param>
/// <param name="Telemetry">Whether the logging and telemetry add-on is on.</param>
/// <param name="Deleted">Whether the endpoint was deleted.</param>
public sealed record Ask(long EndpointVersion, string AccountId, int Wanted, NodeSpec Spec, IReadOnlyList<NodeRelease> Releases, bool Telemetry, bool Deleted = false)
{
    /// <summary>What an endpoint's state asks.</summary>
    /// <param name="version">Its stream version.</param>
    /// <param name="state">Its state.</param>
    public static Ask Of(long version, EndpointState state) => new(
        version, state.AccountId, state.Status == EndpointStatus.Deleted ? 0 : state.Wanted,
        new(state.Settings.Model, state.Settings.Hardware, state.Settings.Runtime, state.Settings.Scaling.Concurrency, state.Plan?.Arguments, state.Plan?.HasSecrets is true,
            state.Plan?.Weights, state.Plan?.Adapter),
        [.. state.Nodes.Where(n => n.Status == NodeStatus.Draining).Select(n => new NodeRelease(n.Id, n.SinceVersion, n.Since))],
        state.Settings.Telemetry, state.Status == EndpointStatus.Deleted);

    /// <summary>What an endpoint asks that its owner service no longer knows: nothing, and every node may go.</summary>
    /// <param name="capacity">Its capacity.</param>
    /// <param name="now">Time.</param>
    public static Ask Gone(CapacityState capacity, DateTimeOffset now) => new(
        capacity.EndpointVersion + 1, capacity.AccountId, 0, capacity.Spec, [.. capacity.Nodes.Select(n => new NodeRelease(n.Id, capacity.EndpointVersion, now))],
        capacity.Telemetry, Deleted: true);
}

/// <summary>
/// Decides on an endpoint's capacity stream. What is asked and what is observed are reported facts: none is refused, and one
/// that was said before, or came too late to matter, adds nothing.
/// </summary>
public static class CapacityDecider
{
    /// <summary>The endpoint asks for something. An older version than the last, or one that changes nothing here, adds nothing.</summary>
    /// <param name="state">The capacity; null when nothing was ever asked.</param>
    /// <param name="ask">What is asked.</param>
    /// <param name="now">Time.</param>
    public static Decision Ask(CapacityState? state, Ask ask, DateTimeOffset now)
    {
        if (state is null) return ask.Wanted == 0 ? Decision.Nothing : Decision.Say(new CapacityAsked(ask.EndpointVersion, ask.AccountId, ask.Wanted, ask.Spec, [], now, ask.Telemetry, ask.Deleted));
        // The version that was recorded may say what was not recorded of it yet.
        if (ask.EndpointVersion < state.EndpointVersion) return Decision.Nothing;

        var releases = ask.Releases.Where(r => state.Node(r.NodeId) is { Release: null }).ToArray();
        return ask.Wanted == state.Wanted && ask.Spec == state.Spec && ask.Telemetry == state.Telemetry && ask.Deleted == state.Deleted && releases.Length == 0
            ? Decision.Nothing
            : Decision.Say(new CapacityAsked(ask.EndpointVersion, ask.AccountId, ask.Wanted, ask.Spec, releases, now, ask.Telemetry, ask.Deleted));
    }

    /// <summary>Intends to start a node, if one is missing and the pause after the last failure is over.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="nodeId">Id for the node, new.</param>
    /// <param name="now">Time.</param>
    public static Decision Request(CapacityState? state, string nodeId, DateTimeOffset now) =>
        state is not null && state.Node(nodeId) is null && Backoff.Missing(state) > 0 && Backoff.Until(state) <= now
            ? Decision.Say(new NodeRequested(nodeId, state.Spec, state.FailedStarts + 1, now))
            : Decision.Nothing;

    /// <summary>A node's process was started.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="address">Base URL it will serve at.</param>
    /// <param name="spawnedAt">When its runtime was spawned.</param>
    public static Decision Started(CapacityState? state, string nodeId, string address, DateTimeOffset spawnedAt) =>
        state?.Node(nodeId) is { Phase: NodePhase.Requested } ? Decision.Say(new NodeStarted(nodeId, address, spawnedAt)) : Decision.Nothing;

    /// <summary>A node answered its readiness probe.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="ready">The observation.</param>
    public static Decision BecameReady(CapacityState? state, NodeBecameReady ready) =>
        state?.Node(ready.NodeId) is { IsStarting: true } ? Decision.Say(ready) : Decision.Nothing;

    /// <summary>A node ended, or must be ended, against the intent.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="failure">The cause.</param>
    /// <param name="lastHealthyAt">Its last healthy probe.</param>
    /// <param name="at">Observation time.</param>
    public static Decision Failed(CapacityState? state, string nodeId, Failure failure, DateTimeOffset? lastHealthyAt, DateTimeOffset at) =>
        state?.Node(nodeId) switch
        {
            null or { Phase: NodePhase.Ending } => Decision.Nothing,
            { IsStarting: true } => Decision.Say(new NodeFailed(nodeId, failure, state.FailedStarts + 1, null, at)),
            // A node that was recorded as ready was healthy then, whatever else is known.
            var node => Decision.Say(new NodeFailed(nodeId, failure, 0, lastHealthyAt > node.Since ? lastHealthyAt : node.Since, at)),
        };

    /// <summary>A node is to be stopped now.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="now">Time.</param>
    public static Decision End(CapacityState? state, string nodeId, string reason, DateTimeOffset now) =>
        state?.Node(nodeId) is null or { Phase: NodePhase.Ending } ? Decision.Nothing : Decision.Say(new NodeEnding(nodeId, reason, now));

    /// <summary>A node that was being stopped is gone.</summary>
    /// <param name="state">The capacity.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="at">Observation time.</param>
    public static Decision Ended(CapacityState? state, string nodeId, DateTimeOffset at) =>
        state?.Node(nodeId) is { Phase: NodePhase.Ending } node ? Decision.Say(new NodeEnded(nodeId, at > node.Since ? at : node.Since)) : Decision.Nothing;
}
