using Hypervize.Contracts;

namespace Hypervize.Proxy.Metering;

/// <summary>Counts durations, as <see cref="Histogram"/> holds them.</summary>
internal sealed class Durations
{
    private int[] _buckets = [];
    private long _count;
    private double _sumMs;

    /// <summary>Counts one.</summary>
    /// <param name="duration">The duration.</param>
    public void Add(TimeSpan duration)
    {
        if (_buckets.Length == 0) _buckets = new int[Histogram.Buckets];
        _buckets[Histogram.BucketOf(duration)]++;
        _count++;
        _sumMs += duration.TotalMilliseconds;
    }

    /// <summary>Counts all of another, too.</summary>
    /// <param name="other">The other; null for none.</param>
    public void Add(Durations? other)
    {
        if (other is null or { _count: 0 }) return;
        if (_buckets.Length == 0) _buckets = new int[Histogram.Buckets];
        for (var i = 0; i < _buckets.Length; i++) _buckets[i] += other._buckets[i];
        _count += other._count;
        _sumMs += other._sumMs;
    }

    /// <summary>What was counted.</summary>
    public Histogram ToHistogram() => new(_count, _sumMs, _buckets.Index().Where(b => b.Item > 0).ToDictionary(b => b.Index, b => (long)b.Item));
}
