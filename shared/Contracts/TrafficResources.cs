namespace Hypervize.Contracts;

/// <summary>The recent traffic of endpoints, as one autoscaler has seen it.</summary>
/// <param name="At">Now.</param>
/// <param name="Minutes">How many minutes are told of each.</param>
/// <param name="Endpoints">The endpoints, oldest first.</param>
public sealed record TrafficResource(DateTimeOffset At, int Minutes, IReadOnlyList<EndpointTrafficResource> Endpoints);

/// <summary>The recent traffic of one endpoint.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="RequestsPerMinute">Valid requests that arrived in the last whole 60 seconds.</param>
/// <param name="PerMinute">The same in each minute of the clock, oldest first; the last one still runs. Null for one that this autoscaler did not watch.</param>
/// <param name="InFlight">Requests at nodes, by the last report of each proxy that is not silent.</param>
/// <param name="Waiting">Requests that wait for a node, likewise.</param>
/// <param name="LastRequestAt">When the last request came, within a second; null when this autoscaler has seen none.</param>
public sealed record EndpointTrafficResource(
    string EndpointId, int RequestsPerMinute, IReadOnlyList<int?> PerMinute, int InFlight, int Waiting, DateTimeOffset? LastRequestAt);
