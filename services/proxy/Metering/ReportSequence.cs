using Hypervize.Contracts;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Metering;

/// <summary>
/// This proxy's reports, one after the other without a gap: the next is made only when the last was published, and covers all the time
/// since.
/// </summary>
/// <param name="instance">This run of the proxy.</param>
/// <param name="meter">The meter.</param>
/// <param name="limits">What was let in by which limits.</param>
/// <param name="table">Which versions are routed by.</param>
/// <param name="time">Time.</param>
public sealed class ReportSequence(ProxyInstance instance, TrafficMeter meter, RequestLimiter limits, RoutingTable table, TimeProvider time)
{
    private DateTimeOffset _until = time.GetUtcNow();
    private long _sequence;

    /// <summary>The report that was made and not yet published; null when there is none.</summary>
    public ProxyReport? Pending { get; private set; }

    /// <summary>The report to publish now: the pending one, or the next.</summary>
    /// <param name="leaving">Whether the next is this proxy's last.</param>
    public ProxyReport Due(bool leaving = false) => Pending ??= Next(leaving);

    /// <summary>The pending report was published.</summary>
    public void Published() => Pending = null;

    private ProxyReport Next(bool leaving)
    {
        var from = _until;
        _until = time.GetUtcNow();
        return new(instance.Id, ++_sequence, from, _until, leaving, meter.Take(table), limits.Take(), limits.RoomFor, limits.TurnIn(_sequence));
    }
}
