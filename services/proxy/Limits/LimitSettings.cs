using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy.Limits;

/// <summary>What holds for clients of public endpoints whose owners said nothing, and how clients are told apart.</summary>
public sealed class LimitSettings
{
    /// <summary>Requests per minute of one client address to one public endpoint; 0 for any number.</summary>
    [Range(0, 1_000_000)] public int AddressRequestsPerMinute { get; set; } = 300;

    /// <summary>Requests of one client address that are under way at once at one public endpoint; 0 for any number.</summary>
    [Range(0, 100_000)] public int AddressConcurrent { get; set; } = 20;

    /// <summary>
    /// Load balancers in front of the proxy, each of which adds its caller to <c>X-Forwarded-For</c>; 0 when clients connect directly. What clients say
    /// themselves in that header stands further left, and is not believed.
    /// </summary>
    [Range(0, 10)] public int ForwardedBy { get; set; }
}
