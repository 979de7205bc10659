using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>A fact in the capacity stream of one endpoint, which the provisioner owns. The stored event is the published fact.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(CapacityAsked), "capacity_asked")]
[JsonDerivedType(typeof(NodeRequested), "node_requested")]
[JsonDerivedType(typeof(NodeStarted), "node_started")]
[JsonDerivedType(typeof(NodeBecameReady), "node_became_ready")]
[JsonDerivedType(typeof(NodeFailed), "node_failed")]
[JsonDerivedType(typeof(NodeEnding), "node_ending")]
[JsonDerivedType(typeof(NodeEnded), "node_ended")]
public abstract record CapacityEvent
{
    private protected CapacityEvent() { }

    /// <summary>Observation time: the provisioner's clock.</summary>
    public abstract DateTimeOffset At { get; init; }
}

/// <summary>Weights that are on a node's disk before its runtime starts.</summary>
/// <param name="Model">A repository of the Hub, <c>s3://bucket/prefix</c>, or a folder of the machine.</param>
/// <param name="Revision">The revision that was analysed, and no other; of a bucket, a hash of what it lists. Null for a folder.</param>
/// <param name="File">The GGUF file, the first of several parts; null for weights in other formats.</param>
public sealed record NodeWeights(string Model, string? Revision, string? File);

/// <summary>What each node of an endpoint runs.</summary>
/// <param name="Model">Model id.</param>
/// <param name="Hardware">Catalogue id.</param>
/// <param name="Runtime">Name of the runtime profile.</param>
/// <param name="Concurrency">Requests one node takes at once.</param>
/// <param name="Arguments">What the runtime is told beside, arguments separated by spaces; null for nothing.</param>
/// <param name="HasSecrets">Whether it is given secrets, which the endpoints service keeps.</param>
/// <param name="Weights">What it loads; null when it needs nothing, or loads it by itself.</param>
/// <param name="Adapter">The adapter on top of these; null for none.</param>
public sealed record NodeSpec(
    string Model, string Hardware, string Runtime, int Concurrency, string? Arguments = null, bool HasSecrets = false, NodeWeights? Weights = null, NodeWeights? Adapter = null);

/// <summary>A node the endpoint let go of.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Version">Endpoint stream version at which it began to drain.</param>
/// <param name="Since">When it began to drain.</param>
public sealed record NodeRelease(string NodeId, long Version, DateTimeOffset Since);

/// <summary>What the endpoint wants changed.</summary>
/// <param name="EndpointVersion">Endpoint stream version that says so.</param>
/// <param name="AccountId">Account that owns the endpoint, and may read its nodes' output.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Spec">What each runs.</param>
/// <param name="Releases">Nodes to drain and stop, those that were not released before.</param>
/// <param name="At">Observation time.</param>
/// <param name="Telemetry">Whether the logging and telemetry add-on is on, and so whether nodes' output is shown; false in streams from before this was said.</param>
/// <param name="Deleted">Whether the endpoint was deleted; false in streams from before this was said.</param>
public sealed record CapacityAsked(
    long EndpointVersion, string AccountId, int Wanted, NodeSpec Spec, IReadOnlyList<NodeRelease> Releases, DateTimeOffset At, bool Telemetry = false,
    bool Deleted = false) : CapacityEvent;

/// <summary>The intent to start a node: appended before anything is started, and the id is the provider's idempotency token and tag.</summary>
/// <param name="NodeId">Node id: <c>node-</c> and 12 hex digits, never used again.</param>
/// <param name="Spec">What it runs.</param>
/// <param name="Attempt">1, and one more for each failed start in a row before it.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeRequested(string NodeId, NodeSpec Spec, int Attempt, DateTimeOffset At) : CapacityEvent;

/// <summary>The provider started the node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Address">Base URL it will serve at.</param>
/// <param name="At">When the runtime was spawned.</param>
public sealed record NodeStarted(string NodeId, string Address, DateTimeOffset At) : CapacityEvent;

/// <summary>The node answered its readiness probe.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Address">Base URL that proxies reach it by.</param>
/// <param name="SpawnedAt">When the runtime was started.</param>
/// <param name="RuntimeReadyAt">When the runtime itself says it became ready; null when it does not say.</param>
/// <param name="At">Observation time.</param>
/// <param name="Weights">How its weights came to be on its disk; null when it was given none.</param>
public sealed record NodeBecameReady(
    string NodeId, string Address, DateTimeOffset SpawnedAt, DateTimeOffset? RuntimeReadyAt, DateTimeOffset At, WeightLoad? Weights = null) : CapacityEvent;

/// <summary>The node ended, or never became ready, against the intent. It is gone, or being ended.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Failure">The cause.</param>
/// <param name="FailedStarts">Failed starts in a row, this one included; 0 when a serving node was lost.</param>
/// <param name="LastHealthyAt">Its last healthy probe; null when it never was.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeFailed(string NodeId, Failure Failure, int FailedStarts, DateTimeOffset? LastHealthyAt, DateTimeOffset At) : CapacityEvent;

/// <summary>The node's drain is over (or it never served) and it is being stopped.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Reason">Drained, past the deadline, or no longer wanted before it was ready.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeEnding(string NodeId, string Reason, DateTimeOffset At) : CapacityEvent;

/// <summary>The node ended as intended.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeEnded(string NodeId, DateTimeOffset At) : CapacityEvent;

/// <summary>One fact of an endpoint's capacity stream. Published once per stored event, in order per endpoint.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Version">Version in the capacity stream, from 1, without gaps.</param>
/// <param name="EventId">Id of the stored event; also the message id.</param>
/// <param name="Fact">The fact.</param>
public sealed record CapacityChanged(string EndpointId, long Version, Guid EventId, CapacityEvent Fact);

/// <summary>What nodes say of themselves, every ten seconds. Telemetry: what can't be published soon is dropped.</summary>
/// <param name="At">When they were asked: the provisioner's clock.</param>
/// <param name="Nodes">The nodes that answered, draining ones too; at least one.</param>
public sealed record NodeReport(DateTimeOffset At, IReadOnlyList<NodeGauges> Nodes);

/// <summary>What one node said of itself.</summary>
/// <param name="EndpointId">Its endpoint.</param>
/// <param name="NodeId">The node.</param>
/// <param name="Running">Requests that generate now.</param>
/// <param name="Waiting">Requests in the runtime's own queue.</param>
/// <param name="CacheUsed">Share of the KV cache in use, 0 to 1; null when the runtime doesn't tell.</param>
public sealed record NodeGauges(string EndpointId, string NodeId, int Running, int Waiting, double? CacheUsed);
