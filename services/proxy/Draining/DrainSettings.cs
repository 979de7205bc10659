using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy.Draining;

/// <summary>How a proxy leaves that is told to stop.</summary>
public sealed class DrainSettings
{
    /// <summary>
    /// Seconds for which it still takes new requests, each of which ends its connection, while its health says that it leaves: time for load balancers
    /// and clients to go elsewhere before connections are closed.
    /// </summary>
    [Range(0, 600)] public double LingerSeconds { get; set; } = 1;

    /// <summary>Seconds after that for the requests and streams it has; what is not done by then is cut, and told so.</summary>
    [Range(1, 86_400)] public double FinishSeconds { get; set; } = 300;
}
