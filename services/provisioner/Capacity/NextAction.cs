using Hypervize.Contracts;

namespace Hypervize.Provisioner.Capacity;

/// <summary>Something to do for an endpoint's capacity. Done twice, it is done once.</summary>
public abstract record CapacityAction;

/// <summary>Record the intent to start a node, under a new id.</summary>
public sealed record RequestNode : CapacityAction;

/// <summary>Start what was intended. The node's id is the token: a node that was started is not started again.</summary>
/// <param name="Node">The node.</param>
public sealed record SpawnNode(CapacityNode Node) : CapacityAction;

/// <summary>Record that a node was started.</summary>
/// <param name="Seen">The observation.</param>
public sealed record RecordStart(NodeObservation Seen) : CapacityAction;

/// <summary>Record that a node is ready.</summary>
/// <param name="Seen">The observation.</param>
public sealed record RecordReady(NodeObservation Seen) : CapacityAction;

/// <summary>Record that a node failed; what is left of it is ended after.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Code">The cause.</param>
/// <param name="Message">What happened and what to do.</param>
/// <param name="LastHealthyAt">Its last healthy answer.</param>
public sealed record RecordFailure(string NodeId, FailureCode Code, string Message, DateTimeOffset? LastHealthyAt) : CapacityAction;

/// <summary>Record the intent to stop a node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record BeginEnd(string NodeId, string Reason) : CapacityAction;

/// <summary>Ask a node's process to end.</summary>
/// <param name="NodeId">The node.</param>
public sealed record Terminate(string NodeId) : CapacityAction;

/// <summary>End a node's process.</summary>
/// <param name="NodeId">The node.</param>
public sealed record Kill(string NodeId) : CapacityAction;

/// <summary>Record that a node is gone.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="At">When it was seen to be gone; null when there was nothing to end.</param>
public sealed record RecordEnd(string NodeId, DateTimeOffset? At) : CapacityAction;

/// <summary>What to do now, and when to look again even if nothing is heard.</summary>
/// <param name="Actions">What to do, in order.</param>
/// <param name="LookAgainAt">Time; null when only news can change anything.</param>
public sealed record Plan(IReadOnlyList<CapacityAction> Actions, DateTimeOffset? LookAgainAt);

/// <summary>How long things may take.</summary>
/// <param name="Drain">From a node's release until it is stopped whatever it still does.</param>
/// <param name="Stop">From asking a process to end until it is ended.</param>
public sealed record Patience(TimeSpan Drain, TimeSpan Stop);

/// <summary>
/// Compares what is recorded with what is seen, and says what to do about the difference. It may be asked at any time, by any
/// run of the provisioner, and needs no memory of what was done before.
/// </summary>
public static class NextAction
{
    private const int UnansweredAtLeast = 3;
    private static readonly TimeSpan Unresponsive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WhileDraining = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountIsFresh = TimeSpan.FromSeconds(3);

    /// <summary>What to do for an endpoint's capacity.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="state">What is recorded, read after <paramref name="seen"/> was; null when nothing is.</param>
    /// <param name="seen">What is seen of the endpoint's nodes.</param>
    /// <param name="proxies">What proxies said.</param>
    /// <param name="patience">How long things may take.</param>
    /// <param name="now">Time.</param>
    public static Plan For(
        string endpointId, CapacityState? state, IReadOnlyDictionary<string, NodeObservation> seen, ProxyView proxies, Patience patience, DateTimeOffset now)
    {
        var steps = new List<Step>(seen.Values.Where(s => state?.Node(s.NodeId) is null).Select(s => Unclaimed(s, now)));
        if (state is not null)
        {
            var beyond = Beyond(state);
            steps.AddRange(state.Nodes.Select(n => (Node: n, Seen: seen.GetValueOrDefault(n.Id))).Select(n => n.Node.Phase switch
            {
                NodePhase.Requested or NodePhase.Started when n.Node.Release is not null => new(new BeginEnd(n.Node.Id, "no longer wanted before it was ready")),
                NodePhase.Requested when n.Seen is null && beyond.Contains(n.Node.Id) => new((CapacityAction?)null),
                NodePhase.Requested => Requested(n.Node, n.Seen),
                NodePhase.Started => Started(n.Node, n.Seen, now),
                NodePhase.Ready => Ready(endpointId, n.Node, n.Seen, proxies, patience, now),
                NodePhase.Ending => Ending(n.Node, n.Seen, patience, now),
            }));
            steps.AddRange(Requests(state, now));
        }
        return new([.. steps.Select(s => s.Action).OfType<CapacityAction>()], steps.Min(s => s.LookAgainAt));
    }

    private static IEnumerable<Step> Requests(CapacityState state, DateTimeOffset now)
    {
        var missing = Backoff.Missing(state);
        if (missing == 0) return [];
        var from = Backoff.Until(state);
        return from > now ? [new(from)] : Enumerable.Repeat(new Step(new RequestNode()), missing);
    }

    // Which node goes when there are more than wanted is the endpoint's to say. Until it does, none of them is started.
    private static HashSet<string> Beyond(CapacityState state) =>
        [.. state.Nodes.Where(n => n.Counts).OrderBy(n => n.Phase == NodePhase.Requested).Skip(state.Wanted).Select(n => n.Id)];

    private static Step Requested(CapacityNode node, NodeObservation? seen) => seen switch
    {
        null => new(new SpawnNode(node)),
        { IsAlive: true } => new(new RecordStart(seen)),
        _ => new(Exited(node, seen)),
    };

    private static Step Started(CapacityNode node, NodeObservation? seen, DateTimeOffset now) => seen switch
    {
        { IsAlive: true, ReadyAt: not null } => new(new RecordReady(seen)),
        { IsAlive: true } when now < seen.ReadyBy => new(seen.ReadyBy),
        { IsAlive: true } => new(new RecordFailure(node.Id, FailureCode.StartTimedOut,
            $"The runtime was not ready {Seconds(seen.ReadyBy - seen.SpawnedAt)} after its start. If the model only loads slowly, ask your operator for a longer start-up budget of runtime '{node.Spec.Runtime}'.", null)),
        _ => new(Exited(node, seen)),
    };

    private static Step Ready(string endpointId, CapacityNode node, NodeObservation? seen, ProxyView proxies, Patience patience, DateTimeOffset now)
    {
        if (seen is { IsAlive: false, WithPlatform: true })
            return new(new RecordFailure(node.Id, FailureCode.PlatformStopped, "The platform was stopped, and its nodes with it. A node that is wanted is started again.", seen.LastHealthyAt));
        if (seen is not { IsAlive: true })
            return new(new RecordFailure(node.Id, FailureCode.NodeCrashed,
                $"The node's process ended by itself{Code(seen)}. A node that is wanted is replaced; if this repeats, the last lines of output say why.", seen?.LastHealthyAt));
        if (seen.Unanswered >= UnansweredAtLeast && now - seen.UnansweredSince is { } silence && silence >= Unresponsive)
            return new(new RecordFailure(node.Id, FailureCode.NodeUnresponsive,
                $"The node stopped answering its health probe for {Seconds(silence)}. It is ended; a node that is wanted is replaced.", seen.LastHealthyAt));
        if (node.Release is { } release) return Draining(endpointId, release, seen, proxies, release.Since + patience.Drain, now);
        return seen.UnansweredSince is { } since ? new(since + Unresponsive) : new();
    }

    private static Step Draining(string endpointId, NodeRelease release, NodeObservation seen, ProxyView proxies, DateTimeOffset deadline, DateTimeOffset now)
    {
        if (now >= deadline) return new(new BeginEnd(release.NodeId, $"past the drain's deadline, {Seconds(deadline - release.Since)} after its release"));
        var countsNone = seen.Requests == 0 && now - seen.RequestsAt <= CountIsFresh;
        // A runtime that can't count leaves it to the proxies, and where none is known, to the deadline.
        var isIdle = seen.CountsRequests ? countsNone : proxies.KnowsAny(now);
        return proxies.KnowsAll(now) && proxies.AllLetGo(endpointId, release, now) && isIdle
            ? new(new BeginEnd(release.NodeId, "drained"))
            : new(now + WhileDraining < deadline ? now + WhileDraining : deadline);
    }

    private static Step Ending(CapacityNode node, NodeObservation? seen, Patience patience, DateTimeOffset now) => seen switch
    {
        not { IsAlive: true } => new(new RecordEnd(node.Id, seen?.GoneAt)),
        { TerminatedAt: null } => new(new Terminate(node.Id)),
        _ when now >= seen.TerminatedAt + patience.Stop => new(new Kill(node.Id)) { LookAgainAt = now + WhileDraining },
        _ => new(seen.TerminatedAt + patience.Stop),
    };

    // The intent is recorded before anything is started, and what is seen was listed before the record was read: nobody claims it.
    // Young ones are spared all the same, for an error here would end a node that someone pays for.
    private static Step Unclaimed(NodeObservation seen, DateTimeOffset now) => seen switch
    {
        { IsAlive: false } => new(),
        _ when now < seen.SpawnedAt + Young => new(seen.SpawnedAt + Young),
        _ => new(new Kill(seen.NodeId)) { LookAgainAt = now + WhileDraining },
    };

    private static RecordFailure Exited(CapacityNode node, NodeObservation? seen) => new(node.Id, FailureCode.StartExited,
        $"The runtime ended before it was ready{Code(seen)}. Its last lines of output say why; check that runtime '{node.Spec.Runtime}' knows the model '{node.Spec.Model}' and that it fits the hardware.", null);

    private static string Code(NodeObservation? seen) => seen?.ExitCode is { } code ? $" (exit code {code})" : "";

    private static string Seconds(TimeSpan time) => $"{(long)time.TotalSeconds} s";

    private sealed record Step(CapacityAction? Action = null)
    {
        public Step(DateTimeOffset? lookAgainAt) : this((CapacityAction?)null) => LookAgainAt = lookAgainAt;

        public DateTimeOffset? LookAgainAt { get; init; }
    }
}
