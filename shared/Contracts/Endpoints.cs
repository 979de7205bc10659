using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>The statuses of an endpoint; six that users see, and <see cref="Deleted"/>, which ends its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointStatus>))]
public enum EndpointStatus
{
    /// <summary>Hardware is being provisioned and the model loads; calls get an honest 503.</summary>
    [JsonStringEnumMemberName("building")] Building,

    /// <summary>Serving; autoscaling is active.</summary>
    [JsonStringEnumMemberName("up")] Up,

    /// <summary>Scaled to zero; costs nothing; a call wakes it.</summary>
    [JsonStringEnumMemberName("hibernated")] Hibernated,

    /// <summary>Coming back from sleep; calls are held.</summary>
    [JsonStringEnumMemberName("waking")] Waking,

    /// <summary>Provisioning or the runtime went wrong; <see cref="EndpointState.Failure"/> says how and what to do.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Switched off by its owner or the operator.</summary>
    [JsonStringEnumMemberName("disabled")] Disabled,

    /// <summary>Gone for good; its id is never used again.</summary>
    [JsonStringEnumMemberName("deleted")] Deleted,
}

/// <summary>Who may call an endpoint.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointAccess>))]
public enum EndpointAccess
{
    /// <summary>Only keys of the owning account.</summary>
    [JsonStringEnumMemberName("private")] Private,

    /// <summary>Anyone.</summary>
    [JsonStringEnumMemberName("public")] Public,
}

/// <summary>Where a node is on its way. A node that ended is not listed any more.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NodeStatus>))]
public enum NodeStatus
{
    /// <summary>Being bought, started or loading its model.</summary>
    [JsonStringEnumMemberName("starting")] Starting,

    /// <summary>Serving.</summary>
    [JsonStringEnumMemberName("ready")] Ready,

    /// <summary>Takes no new requests and finishes those it has.</summary>
    [JsonStringEnumMemberName("draining")] Draining,
}

/// <summary>Why something failed, in the words that clients may program against.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailureCode>))]
public enum FailureCode
{
    /// <summary>The runtime is not installed, or its program can't be started.</summary>
    [JsonStringEnumMemberName("runtime_unavailable")] RuntimeUnavailable,

    /// <summary>The provider had no capacity to give.</summary>
    [JsonStringEnumMemberName("capacity_unavailable")] CapacityUnavailable,

    /// <summary>The model's weights could not be brought to the node's disk.</summary>
    [JsonStringEnumMemberName("weights_unavailable")] WeightsUnavailable,

    /// <summary>The endpoint's access to the model was withdrawn, or its token was.</summary>
    [JsonStringEnumMemberName("model_access_denied")] ModelAccessDenied,

    /// <summary>The runtime ended before it was ready.</summary>
    [JsonStringEnumMemberName("start_exited")] StartExited,

    /// <summary>The runtime was not ready within its start-up budget.</summary>
    [JsonStringEnumMemberName("start_timed_out")] StartTimedOut,

    /// <summary>A serving node's process ended by itself.</summary>
    [JsonStringEnumMemberName("node_crashed")] NodeCrashed,

    /// <summary>The platform was stopped, and a node of it with it.</summary>
    [JsonStringEnumMemberName("platform_stopped")] PlatformStopped,

    /// <summary>A serving node stopped answering its health probe.</summary>
    [JsonStringEnumMemberName("node_unresponsive")] NodeUnresponsive,
}

/// <summary>A typed cause.</summary>
/// <param name="Code">The cause.</param>
/// <param name="Message">What happened and what to do, in a sentence or two.</param>
/// <param name="Output">The last lines the runtime printed, at most 4 KB; null when it printed nothing.</param>
public sealed record Failure(FailureCode Code, string Message, string? Output);

/// <summary>How far an endpoint may scale, and when it sleeps.</summary>
/// <param name="Min">Fewest nodes while up; 0 lets it sleep.</param>
/// <param name="Max">Most nodes.</param>
/// <param name="IdleSeconds">Seconds without a valid request after which an endpoint with <paramref name="Min"/> 0 sleeps.</param>
/// <param name="Concurrency">Requests that one node takes at once; more wait at the proxy.</param>
/// <param name="RequestsPerMinute">Requests per minute that one node can serve; null when only those at once tell how many nodes are needed.</param>
/// <param name="Tuning">What is tuned otherwise than by the operator; null for nothing.</param>
public sealed record Scaling(
    int Min, int Max, int IdleSeconds, int Concurrency, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RequestsPerMinute = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ScalingTuning? Tuning = null)
{
    /// <summary>Most nodes of an endpoint: its public state must stay below 32 KB.</summary>
    public const int MostNodes = 64;
}

/// <summary>An endpoint's own tuning of the scaling policy; where it says nothing, the operator's holds.</summary>
/// <param name="Utilisation">Share of what a node may carry that it should carry on average.</param>
/// <param name="WindowSeconds">Seconds over which load is averaged; a tenth of it for bursts.</param>
/// <param name="StabilisationSeconds">Seconds for which less must have been enough before nodes leave.</param>
/// <param name="PanicAt">How many times the target of all nodes a burst must be to count at once.</param>
/// <param name="UpRate">How many times the nodes that serve there may be after one decision.</param>
/// <param name="DownRate">How many times the nodes that are left there may have been before one decision.</param>
public sealed record ScalingTuning(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Utilisation = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? WindowSeconds = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? StabilisationSeconds = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? PanicAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? UpRate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DownRate = null);

/// <summary>What an owner chose for an endpoint.</summary>
/// <param name="Name">A label for people, unique nowhere.</param>
/// <param name="Model">Model id as the runtime knows it.</param>
/// <param name="Hardware">Catalogue id of the hardware of each node.</param>
/// <param name="Runtime">Name of the provisioner's runtime profile.</param>
/// <param name="Scaling">Bounds and idle time.</param>
/// <param name="HoldSeconds">Seconds a request is held for a node before it is refused.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Telemetry">Whether the logging and telemetry add-on is on.</param>
/// <param name="Limits">How many inference requests it takes; null for any number.</param>
public sealed record EndpointSettings(
    string Name, string Model, string Hardware, string Runtime, Scaling Scaling, int HoldSeconds, EndpointAccess Access, bool Telemetry,
    EndpointLimits? Limits = null);

/// <summary>What was found out about the model when the endpoint was created: it holds for its life.</summary>
/// <param name="Asked">SHA-256 of what the owner asked for, lower-case hex: a repeated creation is compared with it.</param>
/// <param name="QuoteId">The quote it was created by; null when it was created without one.</param>
/// <param name="Revision">The revision that was analysed, and that nodes load; null where there are none.</param>
/// <param name="Context">Tokens of the longest sequence; null when the runtime decides.</param>
/// <param name="Arguments">What the runtime is told, arguments separated by spaces; null for nothing.</param>
/// <param name="PricePerHour">US dollars per hour of a node, as the quote locked it; null for the catalogue's price of each moment.</param>
/// <param name="TelemetryPerHour">US dollars per hour of the telemetry add-on, as the quote locked it; null for the catalogue's price of each moment.</param>
/// <param name="HasSecrets">Whether its nodes are given secrets, which stand in no event.</param>
/// <param name="Weights">What its nodes load; null when they need nothing, or load it by themselves.</param>
/// <param name="Adapter">The adapter on top of these; null for none.</param>
public sealed record EndpointPlan(
    string Asked, string? QuoteId, string? Revision, int? Context, string? Arguments, decimal? PricePerHour, decimal? TelemetryPerHour, bool HasSecrets = false,
    NodeWeights? Weights = null, NodeWeights? Adapter = null);

/// <summary>How a node's weights came to be on its disk.</summary>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="WasCached">Whether they were there already when the node was asked for; else it waited for them to be fetched.</param>
public sealed record WeightLoad(long Bytes, bool WasCached);

/// <summary>An hourly price for something beside hardware.</summary>
/// <param name="Id">Catalogue id of the add-on.</param>
/// <param name="PricePerHour">US dollars per endpoint and hour while a node of it is metered.</param>
public sealed record AddOn(string Id, decimal PricePerHour);

/// <summary>A node of an endpoint, as the endpoint's stream knows it.</summary>
/// <param name="Id">Node id, never used again.</param>
/// <param name="Status">Where it is on its way.</param>
/// <param name="Address">Base URL that proxies reach it by; null until it is ready.</param>
/// <param name="Since">When it took this status.</param>
/// <param name="SinceVersion">
/// Stream version at which it took this status. A proxy that routes by this version or a newer one sends a draining node nothing new.
/// </param>
public sealed record EndpointNode(string Id, NodeStatus Status, string? Address, DateTimeOffset Since, long SinceVersion);

/// <summary>An endpoint's public state after a version of its stream. At most 32 KB as JSON.</summary>
/// <param name="Id">Endpoint id: <c>endpt-</c> and 12 lower-case hex digits.</param>
/// <param name="AccountId">Owning account.</param>
/// <param name="Settings">What the owner chose.</param>
/// <param name="Status">Status now.</param>
/// <param name="StatusSince">When it took this status.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="DecisiveVersion">
/// Stream version at which status or wanted count last changed. An automatic command decided on an older version is stale.
/// </param>
/// <param name="Nodes">Nodes that have not ended, oldest first.</param>
/// <param name="Failure">The cause while <see cref="EndpointStatus.Failed"/>; else null.</param>
/// <param name="Degraded">The last failed start while nodes are missing but others serve; null when all is well.</param>
/// <param name="RecentWakesMs">Durations of the last wakes (woken to ready), milliseconds, newest last, at most five.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="CreatedAs">What it was created as, before any change.</param>
/// <param name="Plan">What was found out about the model; null for an endpoint that was created before models were analysed.</param>
/// <param name="RecentStartsMs">Durations of the last starts of nodes (asked for to ready), milliseconds, newest last, at most five; null when there was none.</param>
public sealed record EndpointState(
    string Id, string AccountId, EndpointSettings Settings, EndpointStatus Status, DateTimeOffset StatusSince, int Wanted, long DecisiveVersion,
    IReadOnlyList<EndpointNode> Nodes, Failure? Failure, Failure? Degraded, IReadOnlyList<int> RecentWakesMs, DateTimeOffset CreatedAt,
    EndpointSettings CreatedAs, EndpointPlan? Plan = null, IReadOnlyList<int>? RecentStartsMs = null);

/// <summary>A fact in an endpoint's stream. The stored event is the published fact; its type names are pinned.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EndpointCreated), "endpoint_created")]
[JsonDerivedType(typeof(EndpointProvisioning), "endpoint_provisioning")]
[JsonDerivedType(typeof(NodeReady), "node_ready")]
[JsonDerivedType(typeof(NodeDraining), "node_draining")]
[JsonDerivedType(typeof(NodeStopped), "node_stopped")]
[JsonDerivedType(typeof(NodeLost), "node_lost")]
[JsonDerivedType(typeof(EndpointScaled), "endpoint_scaled")]
[JsonDerivedType(typeof(EndpointHibernated), "endpoint_hibernated")]
[JsonDerivedType(typeof(EndpointWoken), "endpoint_woken")]
[JsonDerivedType(typeof(EndpointFailed), "endpoint_failed")]
[JsonDerivedType(typeof(EndpointDisabled), "endpoint_disabled")]
[JsonDerivedType(typeof(EndpointEnabled), "endpoint_enabled")]
[JsonDerivedType(typeof(EndpointUpdated), "endpoint_updated")]
[JsonDerivedType(typeof(EndpointDeleted), "endpoint_deleted")]
public abstract record EndpointEvent
{
    private protected EndpointEvent() { }

    /// <summary>When it happened: for facts of nodes, the provisioner's observation time.</summary>
    public abstract DateTimeOffset At { get; init; }
}

/// <summary>The owner asked for an endpoint.</summary>
/// <param name="EndpointId">Its id.</param>
/// <param name="AccountId">Owning account.</param>
/// <param name="Settings">What the owner chose.</param>
/// <param name="Wanted">Nodes to start with.</param>
/// <param name="By">Who asked: a key's prefix.</param>
/// <param name="At">When.</param>
/// <param name="Plan">What was found out about the model; null in streams from before models were analysed.</param>
public sealed record EndpointCreated(
    string EndpointId, string AccountId, EndpointSettings Settings, int Wanted, string By, DateTimeOffset At, EndpointPlan? Plan = null) : EndpointEvent;

/// <summary>The provisioner began to start a node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Hardware">Catalogue id of what it runs on.</param>
/// <param name="Attempt">1, and one more for each failed start in a row before it.</param>
/// <param name="At">Observation time.</param>
public sealed record EndpointProvisioning(string NodeId, string Hardware, int Attempt, DateTimeOffset At) : EndpointEvent;

/// <summary>A node serves. Opens its meter, with the prices of that moment.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Address">Base URL that proxies reach it by.</param>
/// <param name="Hardware">Catalogue id of what it runs on.</param>
/// <param name="PricePerHour">US dollars per hour of this node.</param>
/// <param name="AddOns">Add-ons of the endpoint at this moment.</param>
/// <param name="SpawnedAt">When the runtime was started.</param>
/// <param name="RuntimeReadyAt">When the runtime itself says it became ready; null when it does not say.</param>
/// <param name="At">Observation time.</param>
/// <param name="Weights">How its weights came to be on its disk; null when it was given none.</param>
public sealed record NodeReady(
    string NodeId, string Address, string Hardware, decimal PricePerHour, IReadOnlyList<AddOn> AddOns, DateTimeOffset SpawnedAt,
    DateTimeOffset? RuntimeReadyAt, DateTimeOffset At, WeightLoad? Weights = null) : EndpointEvent;

/// <summary>A node was chosen to leave: no new requests, the running ones finish.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="At">When.</param>
public sealed record NodeDraining(string NodeId, string Reason, DateTimeOffset At) : EndpointEvent;

/// <summary>A node ended as intended. Closes its meter.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeStopped(string NodeId, DateTimeOffset At) : EndpointEvent;

/// <summary>A node ended, or never became ready, against the intent. Closes its meter at <paramref name="LastHealthyAt"/>.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Failure">The cause.</param>
/// <param name="FailedStarts">Failed starts in a row, this one included; 0 when a serving node was lost.</param>
/// <param name="LastHealthyAt">Its last healthy probe; null when it never was.</param>
/// <param name="At">Observation time.</param>
public sealed record NodeLost(
    string NodeId, Failure Failure, int FailedStarts, DateTimeOffset? LastHealthyAt, DateTimeOffset At) : EndpointEvent;

/// <summary>The wanted number of nodes changed while up.</summary>
/// <param name="From">Before.</param>
/// <param name="To">After.</param>
/// <param name="Reason">Why, in words and numbers.</param>
/// <param name="By">Who decided: <c>autoscaler</c> or a key's prefix.</param>
/// <param name="At">When.</param>
public sealed record EndpointScaled(int From, int To, string Reason, string By, DateTimeOffset At) : EndpointEvent;

/// <summary>It went to sleep: no nodes wanted, the next call wakes it.</summary>
/// <param name="Reason">Why, in words and numbers.</param>
/// <param name="By">Who decided.</param>
/// <param name="At">When.</param>
public sealed record EndpointHibernated(string Reason, string By, DateTimeOffset At) : EndpointEvent;

/// <summary>A wake began; the next <see cref="NodeReady"/> ends it.</summary>
/// <param name="Reason">What caused it.</param>
/// <param name="Wanted">Nodes to start.</param>
/// <param name="By">Who: a proxy's id or a key's prefix.</param>
/// <param name="At">When.</param>
public sealed record EndpointWoken(string Reason, int Wanted, string By, DateTimeOffset At) : EndpointEvent;

/// <summary>Starting it failed for good; nothing is wanted until its owner enables it again.</summary>
/// <param name="Failure">The cause.</param>
/// <param name="At">When.</param>
public sealed record EndpointFailed(Failure Failure, DateTimeOffset At) : EndpointEvent;

/// <summary>It was switched off.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record EndpointDisabled(string By, DateTimeOffset At) : EndpointEvent;

/// <summary>It was switched on again, out of <see cref="EndpointStatus.Disabled"/> or <see cref="EndpointStatus.Failed"/>.</summary>
/// <param name="Wanted">Nodes to start.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record EndpointEnabled(int Wanted, string By, DateTimeOffset At) : EndpointEvent;

/// <summary>Its settings changed. Splits its meters when the add-ons changed.</summary>
/// <param name="Settings">The settings from now on.</param>
/// <param name="AddOns">The add-ons from now on, with their prices of this moment.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record EndpointUpdated(EndpointSettings Settings, IReadOnlyList<AddOn> AddOns, string By, DateTimeOffset At) : EndpointEvent;

/// <summary>It was deleted.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record EndpointDeleted(string By, DateTimeOffset At) : EndpointEvent;

/// <summary>One fact of an endpoint's stream and the state after it. Published once per stored event, in order per endpoint.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Version">Stream version of the fact, from 1, without gaps.</param>
/// <param name="Position">Position in the service's whole log; compares with <see cref="RoutingSnapshot.Position"/>.</param>
/// <param name="EventId">Id of the stored event; also the message id.</param>
/// <param name="Fact">The fact.</param>
/// <param name="State">The state after it.</param>
public sealed record EndpointChanged(string EndpointId, long Version, long Position, Guid EventId, EndpointEvent Fact, EndpointState State);

/// <summary>
/// Everything a proxy routes by, from <c>GET /internal/routing</c>; with <c>?knownPosition=</c>, 204 when the log stands there still.
/// </summary>
/// <param name="Position">
/// Log position up to which the snapshot certainly holds everything: what it does not list, and was last heard of at or before
/// this position, is gone.
/// </param>
/// <param name="Endpoints">
/// Endpoints that are not deleted, and deleted ones for an hour, so that their callers are told so, and while nodes of theirs end: proxies
/// report on those.
/// </param>
/// <param name="Accounts">Accounts and their keys.</param>
public sealed record RoutingSnapshot(long Position, IReadOnlyList<VersionedEndpoint> Endpoints, IReadOnlyList<VersionedAccount> Accounts);

/// <summary>An endpoint's state and the stream version it stands at.</summary>
/// <param name="Version">Stream version.</param>
/// <param name="State">The state after it.</param>
public sealed record VersionedEndpoint(long Version, EndpointState State);

/// <summary>An account's state and the stream version it stands at.</summary>
/// <param name="Version">Stream version.</param>
/// <param name="State">The state after it.</param>
public sealed record VersionedAccount(long Version, AccountState State);

/// <summary>What <c>GET /internal/endpoints/{id}/secrets</c> answers: for the environment of a node that is about to start, and for nothing else.</summary>
/// <param name="HuggingFaceToken">Token for the Hub; null for none.</param>
public sealed record NodeSecrets(string? HuggingFaceToken)
{
    /// <summary>Says nothing.</summary>
    public override string ToString() => nameof(NodeSecrets);
}

/// <summary>Body of <c>POST /internal/endpoints/{id}/wake</c>: a proxy holds requests for a sleeping endpoint.</summary>
/// <param name="DecidedOn">Stream version of the endpoint that the proxy routes by.</param>
/// <param name="ProxyId">Which proxy.</param>
/// <param name="Waiting">Requests it holds.</param>
public sealed record WakeEndpoint(long DecidedOn, string ProxyId, int Waiting);
