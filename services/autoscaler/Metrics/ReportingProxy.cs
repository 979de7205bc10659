using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Metrics;

/// <summary>
/// One proxy's reports so far, and where its clock stands. Its moments are turned into steady time by the smallest difference seen
/// between a report's arrival and its end: a report that was held up ends in the past, and no clock's jump makes time out of nothing.
/// </summary>
public sealed class ReportingProxy
{
    // Clocks drift by far less; a proxy's clock that was set back by some seconds is believed again after some minutes.
    private const int DriftPerSecond = 100;
    private const int Remembered = 64;

    private ulong _seen = 1;
    private TimeSpan _offset;

    internal ReportingProxy(ProxyReport first, TimeSpan now)
    {
        Id = first.ProxyId;
        Sequence = first.Sequence;
        To = first.To;
        Left = first.Leaving;
        _offset = now - Clock(first.To);
        Until = HeardAt = now;
    }

    /// <summary>The proxy's instance.</summary>
    public string Id { get; }

    /// <summary>Highest sequence number seen.</summary>
    public long Sequence { get; private set; }

    /// <summary>End of that report's interval, by the proxy's clock.</summary>
    public DateTimeOffset To { get; private set; }

    /// <summary>The same in steady time.</summary>
    public TimeSpan Until { get; private set; }

    /// <summary>When that report arrived.</summary>
    public TimeSpan HeardAt { get; private set; }

    /// <summary>Whether it stopped in order; it will not be heard of again, and that is no silence.</summary>
    public bool Left { get; private set; }

    /// <summary>Whether a report has not been seen yet. One that is far behind counts as seen.</summary>
    /// <param name="sequence">Its sequence number.</param>
    internal bool IsNews(long sequence)
    {
        var behind = Sequence - sequence;
        return behind < 0 || (behind < Remembered && (_seen >> (int)behind & 1) == 0);
    }

    internal Interval First(ProxyReport report) => new(this, Until - Length(report), Until);

    internal Interval Next(ProxyReport report, TimeSpan now)
    {
        var ahead = report.Sequence - Sequence;
        _seen = (ahead < Remembered ? _seen << (int)ahead : 0) | 1;
        var measured = now - Clock(report.To);
        var drifted = _offset + (now - HeardAt) / DriftPerSecond;
        _offset = report.To < report.From || measured < drifted ? measured : drifted;

        var before = Until;
        var until = Clock(report.To) + _offset;
        (Sequence, To, HeardAt, Left) = (report.Sequence, report.To, now, report.Leaving);
        Until = until > before ? until : before;
        // Intervals of one proxy never overlap, even if its clock jumped ahead in one of them.
        var from = Until - Length(report);
        return new(this, from > before ? from : before, Until);
    }

    internal Interval Straggler(ProxyReport report)
    {
        _seen |= 1UL << (int)(Sequence - report.Sequence);
        var to = Clock(report.To) + _offset;
        return new(this, to - Length(report), to);
    }

    private static TimeSpan Clock(DateTimeOffset at) => new(at.UtcTicks);

    private static TimeSpan Length(ProxyReport report) => report.To > report.From ? report.To - report.From : TimeSpan.Zero;
}
