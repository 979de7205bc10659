using Hypervize.Contracts;

namespace Hypervize.Proxy.Routing;

/// <summary>An endpoint as this proxy routes to it.</summary>
/// <param name="Version">Stream version of the state.</param>
/// <param name="State">The state. An endpoint that is gone is still found for a while, with status deleted and no nodes.</param>
public sealed record RoutedEndpoint(long Version, EndpointState State);
