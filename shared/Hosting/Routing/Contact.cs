namespace Hypervize.Hosting.Routing;

/// <summary>
/// Whether this replica hears of changes to endpoints: by the bus, or by asking the endpoints service. Without either it is cut off,
/// and what it knows grows old.
/// </summary>
/// <param name="time">Time.</param>
public sealed class Contact(TimeProvider time)
{
    private long _lastTicks;
    private volatile bool _busIsUp, _busIsDown;
    private volatile string? _endpointsFailure = "not asked yet";

    /// <summary>Whether the queue is bound and read.</summary>
    public bool BusIsUp => _busIsUp;

    /// <summary>Whether the broker is known to be away; a replica that has just started knows nothing.</summary>
    public bool BusIsDown => _busIsDown;

    /// <summary>Why the endpoints service did not answer the last time; null when it did.</summary>
    public string? EndpointsFailure => _endpointsFailure;

    /// <summary>When it last had contact: now, while the bus is up.</summary>
    public DateTimeOffset Last => _busIsUp ? time.GetUtcNow() : new(Interlocked.Read(ref _lastTicks), TimeSpan.Zero);

    /// <summary>Since when it has no contact at all; null while it has.</summary>
    public DateTimeOffset? CutOffSince => _busIsUp || _endpointsFailure is null ? null : Last;

    /// <summary>The queue is bound and read.</summary>
    public void BusCameUp() => (_busIsUp, _busIsDown) = (true, false);

    /// <summary>The connection to the broker is lost.</summary>
    public void BusWentDown()
    {
        if (_busIsUp) Heard(time.GetUtcNow());
        (_busIsUp, _busIsDown) = (false, true);
    }

    /// <summary>The endpoints service answered.</summary>
    public void EndpointsAnswered()
    {
        Heard(time.GetUtcNow());
        _endpointsFailure = null;
    }

    /// <summary>The endpoints service did not answer.</summary>
    /// <param name="reason">Why.</param>
    public void EndpointsFailed(string reason) => _endpointsFailure = reason;

    /// <summary>An earlier run last had contact at this time.</summary>
    /// <param name="at">The time.</param>
    public void Heard(DateTimeOffset at) => Interlocked.Exchange(ref _lastTicks, at.UtcTicks);
}
