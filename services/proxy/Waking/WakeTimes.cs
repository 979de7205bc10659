using System.Globalization;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Waking;

/// <summary>When the steps of an endpoint's last wake happened, as far as this proxy heard of them.</summary>
/// <param name="WokenAt">It was asked for.</param>
/// <param name="RequestedAt">Its first node began to be started.</param>
/// <param name="SpawnedAt">The runtime of the node that became ready first was started.</param>
/// <param name="ReadyAt">That node became ready.</param>
public sealed record WakeTimes(DateTimeOffset WokenAt, DateTimeOffset? RequestedAt = null, DateTimeOffset? SpawnedAt = null, DateTimeOffset? ReadyAt = null)
{
    /// <summary>Header that a request gets which was held for a wake: where its time went.</summary>
    public const string Header = "x-hypervize-wake";

    /// <summary>The times after a fact.</summary>
    /// <param name="before">The times before it; null when no wake is known.</param>
    /// <param name="fact">The fact.</param>
    public static WakeTimes? After(WakeTimes? before, EndpointEvent fact) => fact switch
    {
        EndpointWoken woken => new(woken.At),
        EndpointProvisioning provisioning when before is { RequestedAt: null } => before with { RequestedAt = provisioning.At },
        NodeReady ready when before is { ReadyAt: null } => before with { SpawnedAt = ready.SpawnedAt, ReadyAt = ready.At },
        EndpointHibernated => null,
        _ => before,
    };

    /// <summary>What the header says, milliseconds each: how long the request was held; and, of the whole wake, until a node was requested, until its runtime was started (hardware, weights), until it was ready.</summary>
    /// <param name="held">How long the request was held.</param>
    /// <param name="wake">The wake; null when nothing is known of it.</param>
    public static string Receipt(TimeSpan held, WakeTimes? wake)
    {
        var receipt = string.Create(CultureInfo.InvariantCulture, $"held={held.TotalMilliseconds:0}");
        return wake is { RequestedAt: { } requested, SpawnedAt: { } spawned, ReadyAt: { } ready }
            ? string.Create(CultureInfo.InvariantCulture, $"{receipt}, capacity={Ms(requested - wake.WokenAt):0}, start={Ms(spawned - requested):0}, load={Ms(ready - spawned):0}")
            : receipt;
    }

    // Clocks of different machines tell these times.
    private static double Ms(TimeSpan time) => Math.Max(0, time.TotalMilliseconds);
}
