namespace Hypervize.Contracts;

/// <summary>How many inference requests are taken.</summary>
/// <param name="RequestsPerMinute">Requests that may begin in a minute; null for any number.</param>
/// <param name="Concurrent">Requests that may be under way at once; null for any number.</param>
public sealed record RequestLimits(int? RequestsPerMinute = null, int? Concurrent = null);

/// <summary>How many inference requests an endpoint takes.</summary>
/// <param name="RequestsPerMinute">Requests that may begin in a minute, whoever calls; null for any number.</param>
/// <param name="Concurrent">Requests that may be under way at once, whoever calls; null for any number.</param>
/// <param name="PerAddress">Of each client address, while the endpoint is public; null for what proxies do by themselves.</param>
public sealed record EndpointLimits(int? RequestsPerMinute = null, int? Concurrent = null, RequestLimits? PerAddress = null);
