namespace Hypervize.Contracts;

/// <summary>
/// How far an owner's stream has come, from <c>GET /internal/endpoints/versions?account=</c> or <c>GET /internal/capacity/versions</c>:
/// what a consumer that must see every fact compares itself with.
/// </summary>
/// <param name="Id">Endpoint id.</param>
/// <param name="Version">Version of the stream's last fact.</param>
public sealed record StreamVersion(string Id, long Version);
