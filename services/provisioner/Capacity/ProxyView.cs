using System.Collections.Immutable;
using Hypervize.Contracts;

namespace Hypervize.Provisioner.Capacity;

/// <summary>The last report of one proxy.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="HeardAt">When it was heard.</param>
/// <param name="Endpoints">What it said, by endpoint.</param>
public sealed record HeardProxy(long Sequence, DateTimeOffset HeardAt, ImmutableDictionary<string, EndpointTraffic> Endpoints);

/// <summary>What the proxies said last. Silence says something only after listening for a while.</summary>
/// <param name="ListeningSince">Since when reports are heard; null while they can't be.</param>
/// <param name="Proxies">Proxies by id; one that left in order is not among them.</param>
public sealed record ProxyView(DateTimeOffset? ListeningSince, ImmutableDictionary<string, HeardProxy> Proxies)
{
    // Proxies report each second. One that misses five in a row is gone, or as good as gone: its nodes' own counts speak for it.
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    /// <summary>Hears nothing.</summary>
    public static ProxyView Deaf { get; } = new(null, ImmutableDictionary<string, HeardProxy>.Empty);

    /// <summary>Reports can be heard from now on.</summary>
    /// <param name="now">Time.</param>
    public ProxyView Listening(DateTimeOffset now) => this with { ListeningSince = now };

    /// <summary>Takes a report in; one that is not newer than the last of its proxy says nothing.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">Time.</param>
    public ProxyView Hear(ProxyReport report, DateTimeOffset now)
    {
        if (report.Leaving) return this with { Proxies = Proxies.Remove(report.ProxyId) };
        if (Proxies.TryGetValue(report.ProxyId, out var before) && before.Sequence >= report.Sequence) return this;
        var silent = Proxies.Where(p => now - p.Value.HeardAt > Remembered).Select(p => p.Key);
        var heard = new HeardProxy(report.Sequence, now, report.Endpoints.ToImmutableDictionary(e => e.EndpointId));
        return this with { Proxies = Proxies.RemoveRange(silent).SetItem(report.ProxyId, heard) };
    }

    /// <summary>Whether all live proxies are known by now.</summary>
    /// <param name="now">Time.</param>
    public bool KnowsAll(DateTimeOffset now) => now - ListeningSince >= LongEnough;

    /// <summary>Whether there is a live proxy.</summary>
    /// <param name="now">Time.</param>
    public bool KnowsAny(DateTimeOffset now) => Live(now).Any();

    /// <summary>Whether every live proxy routes by a version at which a node drains, and has nothing at it. Such a proxy sends it nothing any more.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="release">The node's release.</param>
    /// <param name="now">Time.</param>
    public bool AllLetGo(string endpointId, NodeRelease release, DateTimeOffset now) => Live(now).All(proxy =>
        proxy.Endpoints.TryGetValue(endpointId, out var traffic) && traffic.RoutedVersion >= release.Version
        && traffic.Nodes.All(n => n.NodeId != release.NodeId || n.InFlight == 0));

    private IEnumerable<HeardProxy> Live(DateTimeOffset now) => Proxies.Values.Where(p => now - p.HeardAt <= Alive);
}
