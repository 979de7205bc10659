using System.Text.Json.Serialization;
using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Provisioner.Capacity;

/// <summary>Where a node is on its way, as far as it was recorded.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NodePhase>))]
public enum NodePhase
{
    /// <summary>Intended; whether anything was started is not recorded.</summary>
    Requested,

    /// <summary>Its process was started.</summary>
    Started,

    /// <summary>It serves, or drains.</summary>
    Ready,

    /// <summary>It is being stopped.</summary>
    Ending,
}

/// <summary>A node that has not ended.</summary>
/// <param name="Id">Node id.</param>
/// <param name="Spec">What it runs.</param>
/// <param name="Phase">Where it is on its way.</param>
/// <param name="Since">When it took this phase.</param>
/// <param name="RequestedAtVersion">Version of the intent in the capacity stream.</param>
/// <param name="Release">The endpoint let go of it; null while it is wanted.</param>
public sealed record CapacityNode(string Id, NodeSpec Spec, NodePhase Phase, DateTimeOffset Since, long RequestedAtVersion, NodeRelease? Release)
{
    /// <summary>Whether it is starting or ready, and not on its way out.</summary>
    [JsonIgnore] public bool Counts => Release is null && Phase != NodePhase.Ending;

    /// <summary>Whether it is on its way to its first healthy answer.</summary>
    [JsonIgnore] public bool IsStarting => Phase is NodePhase.Requested or NodePhase.Started;
}

/// <summary>An endpoint's capacity: what is asked, and the nodes there are for it.</summary>
/// <param name="EndpointVersion">Endpoint stream version that asked.</param>
/// <param name="AccountId">Account that owns the endpoint.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Spec">What each new one runs.</param>
/// <param name="Nodes">Nodes that have not ended, oldest first.</param>
/// <param name="FailedStarts">Failed starts in a row.</param>
/// <param name="ShortLives">Nodes in a row that were lost soon after they became ready.</param>
/// <param name="LastFailureAt">When a node last failed, in starting or in serving; null when none did since capacity was first asked.</param>
/// <param name="AskedAtVersion">Version of the last <see cref="CapacityAsked"/> in the capacity stream.</param>
/// <param name="Telemetry">Whether the logging and telemetry add-on is on.</param>
/// <param name="Deleted">Whether the endpoint was deleted.</param>
public sealed record CapacityState(
    long EndpointVersion, string AccountId, int Wanted, NodeSpec Spec, IReadOnlyList<CapacityNode> Nodes, int FailedStarts, int ShortLives,
    DateTimeOffset? LastFailureAt, long AskedAtVersion, bool Telemetry, bool Deleted)
{
    private const string KeyPrefix = "capacity-";

    // A node that served for less than this and was lost is more likely to crash again than one that ran for long.
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(30);

    /// <summary>How the events add up.</summary>
    public static Fold<CapacityState, CapacityEvent> Fold { get; } = new(Revision: 3, Evolve);

    /// <summary>Whether there is, or will be, something to look after. Stored, so that it can be asked for.</summary>
    public bool Active => Wanted > 0 || Nodes.Count > 0;

    /// <summary>Stream key of an endpoint's capacity.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public static string Key(string endpointId) => KeyPrefix + endpointId;

    /// <summary>The endpoint a stream key belongs to.</summary>
    /// <param name="key">Stream key.</param>
    public static string EndpointOf(string key) => key[KeyPrefix.Length..];

    /// <summary>A node that has not ended; null when it has, or never was.</summary>
    /// <param name="nodeId">The node.</param>
    public CapacityNode? Node(string nodeId) => Nodes.FirstOrDefault(n => n.Id == nodeId);

    private static CapacityState Evolve(CapacityState? state, CapacityEvent e, long version) => (state, e) switch
    {
        (null, CapacityAsked first) => new(first.EndpointVersion, first.AccountId, first.Wanted, first.Spec, [], 0, 0, null, version, first.Telemetry, first.Deleted),
        (null, _) => throw new InvalidOperationException($"A capacity stream begins with {nameof(CapacityAsked)}, not with {e.GetType().Name}."),
        (_, CapacityAsked asked) => state.Asked(asked, version),
        (_, NodeRequested n) => state with { Nodes = [.. state.Nodes, new(n.NodeId, n.Spec, NodePhase.Requested, n.At, version, null)] },
        (_, NodeStarted n) => state.Enter(n.NodeId, NodePhase.Started, n.At),
        (_, NodeBecameReady n) => state.Enter(n.NodeId, NodePhase.Ready, n.At) with { FailedStarts = 0 },
        (_, NodeFailed n) => state.Failed(n),
        (_, NodeEnding n) => state.Enter(n.NodeId, NodePhase.Ending, n.At),
        (_, NodeEnded n) => state.Without(n.NodeId),
        _ => state,
    };

    private CapacityState Asked(CapacityAsked asked, long version)
    {
        var released = asked.Releases.ToDictionary(r => r.NodeId);
        var anew = Wanted == 0 && asked.Wanted > 0;
        return this with
        {
            EndpointVersion = asked.EndpointVersion, AccountId = asked.AccountId, Wanted = asked.Wanted, Spec = asked.Spec, AskedAtVersion = version, Telemetry = asked.Telemetry,
            Deleted = asked.Deleted,
            Nodes = [.. Nodes.Select(n => n.Release is null && released.TryGetValue(n.Id, out var release) ? n with { Release = release } : n)],
            FailedStarts = anew ? 0 : FailedStarts, ShortLives = anew ? 0 : ShortLives,
        };
    }

    private CapacityState Failed(NodeFailed failed)
    {
        var served = Node(failed.NodeId) is { Phase: NodePhase.Ready } node ? failed.At - node.Since : (TimeSpan?)null;
        return Without(failed.NodeId) with
        {
            LastFailureAt = failed.At,
            FailedStarts = served is null ? failed.FailedStarts : FailedStarts,
            ShortLives = served is null || Node(failed.NodeId)!.Release is not null ? ShortLives : served < ShortLife ? ShortLives + 1 : 0,
        };
    }

    private CapacityState Enter(string nodeId, NodePhase phase, DateTimeOffset at) =>
        this with { Nodes = [.. Nodes.Select(n => n.Id == nodeId ? n with { Phase = phase, Since = at } : n)] };

    private CapacityState Without(string nodeId) => this with { Nodes = [.. Nodes.Where(n => n.Id != nodeId)] };
}
