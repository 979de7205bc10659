using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;

namespace Hypervize.Endpoints.Api;

/// <summary>Where users reach the platform.</summary>
public sealed class ProxySettings
{
    /// <summary>Origin that users see, without a trailing slash.</summary>
    public string PublicUrl { get; set; } = "http://localhost:8080";
}

/// <summary>Shows endpoints' states as resources.</summary>
public sealed class EndpointResources(ProxySettings proxy, HardwareCatalog catalog, TimeProvider time)
{
    /// <summary>An endpoint's resource.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="version">Version of its stream.</param>
    public EndpointResource Of(EndpointState it, long version) => new(
        it.Id, it.AccountId, $"{proxy.PublicUrl.TrimEnd('/')}/api/d/{it.Id}", it.Settings.Name, it.Settings.Model, it.Settings.Hardware, it.Settings.Runtime,
        it.Settings.Scaling, it.Settings.HoldSeconds, it.Settings.Access, it.Settings.Telemetry, it.Settings.Limits, it.Status, it.StatusSince, it.Wanted,
        [.. it.Nodes.Select(n => new NodeResource(n.Id, n.Status, n.Since))], it.Failure, it.Degraded,
        it.Plan?.Revision, it.Plan?.Context, it.Plan?.QuoteId, EndpointDecider.PricePerHour(it, catalog, time.GetUtcNow()), it.CreatedAt, version);
}
