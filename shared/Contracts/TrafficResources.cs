namespace Hypervize.Contracts;

/// <summary>The recent traffic of an account's endpoints, whether their telemetry is on or not.</summary>
/// <param name="At">When it was told.</param>
/// <param name="Minutes">How many minutes are told.</param>
/// <param name="Endpoints">By endpoint, those without traffic too.</param>
public sealed record TrafficResource(DateTimeOffset At, int Minutes, IReadOnlyList<EndpointTrafficResource> Endpoints);

/// <summary>The recent traffic of one endpoint.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="RequestsPerMinute">Requests of the last whole 60 seconds.</param>
/// <param name="PerMinute">Requests of each minute, oldest first; null where nobody watched.</param>
/// <param name="InFlight">Requests at nodes.</param>
/// <param name="Waiting">Requests that wait for one.</param>
/// <param name="LastRequestAt">When the last one was seen; null when none was.</param>
public sealed record EndpointTrafficResource(string EndpointId, int RequestsPerMinute, IReadOnlyList<int?> PerMinute, int InFlight, int Waiting, DateTimeOffset? LastRequestAt);
