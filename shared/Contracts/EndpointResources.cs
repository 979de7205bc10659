namespace Hypervize.Contracts;

/// <summary>A node, as the API shows it.</summary>
/// <param name="Id">Node id.</param>
/// <param name="Status">Where it is on its way.</param>
/// <param name="Since">Since when.</param>
public sealed record NodeResource(string Id, NodeStatus Status, DateTimeOffset Since);

/// <summary>An endpoint, as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="AccountId">Owning account.</param>
/// <param name="Url">Its base URL; OpenAI clients take this and <c>/v1</c>.</param>
/// <param name="Name">Label.</param>
/// <param name="Model">Model id.</param>
/// <param name="Hardware">Catalogue id.</param>
/// <param name="Runtime">Runtime profile.</param>
/// <param name="Scaling">Bounds and idle time.</param>
/// <param name="HoldSeconds">Seconds a request is held.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Telemetry">Whether the add-on is on.</param>
/// <param name="Limits">How many inference requests it takes.</param>
/// <param name="Status">Status.</param>
/// <param name="StatusSince">Since when.</param>
/// <param name="Wanted">Nodes that should run.</param>
/// <param name="Nodes">Nodes that do.</param>
/// <param name="Failure">The cause while failed.</param>
/// <param name="Degraded">The last failed start while nodes are missing but others serve.</param>
/// <param name="Revision">The revision of the model that nodes load.</param>
/// <param name="Context">Tokens of the longest sequence.</param>
/// <param name="Quote">The quote it was created by, which locks its price.</param>
/// <param name="PricePerHour">US dollars per hour of each node: as its quote locked it, else at this moment.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Version">Version of its stream; the ETag.</param>
public sealed record EndpointResource(
    string Id, string AccountId, string Url, string Name, string Model, string Hardware, string Runtime, Scaling Scaling, int HoldSeconds, EndpointAccess Access,
    bool Telemetry, EndpointLimits? Limits, EndpointStatus Status, DateTimeOffset StatusSince, int Wanted, IReadOnlyList<NodeResource> Nodes, Failure? Failure, Failure? Degraded,
    string? Revision, int? Context, string? Quote, decimal PricePerHour, DateTimeOffset CreatedAt, long Version);

/// <summary>A page of endpoints.</summary>
/// <param name="Endpoints">Oldest first.</param>
/// <param name="Cursor">Give it to get the next page; null at the end.</param>
public sealed record EndpointPage(IReadOnlyList<EndpointResource> Endpoints, string? Cursor);

/// <summary>An entry of an endpoint's timeline.</summary>
/// <param name="Version">Version of its stream.</param>
/// <param name="At">When.</param>
/// <param name="Type">Name of the fact.</param>
/// <param name="Summary">The fact and its cause, in a sentence.</param>
/// <param name="Fact">The fact itself.</param>
public sealed record TimelineEntry(long Version, DateTimeOffset At, string Type, string Summary, object Fact);

/// <summary>A page of a timeline.</summary>
/// <param name="Events">In order.</param>
/// <param name="After">Give it to get the next page; null at the end.</param>
public sealed record TimelinePage(IReadOnlyList<TimelineEntry> Events, long? After);
