using CsCheck;
using Hypervize.Contracts;
using Hypervize.Proxy.Metering;

namespace Hypervize.Proxy.Tests;

/// <summary>Durations in ranges: what proxies count and others add up.</summary>
public sealed class HistogramSpecs
{
    private const double Width = 1.19; // 2^(1/4), as documented.

    private static readonly TimeSpan Longest = Histogram.StartOf(Histogram.Buckets - 1);

    // As likely short as long.
    private static readonly Gen<TimeSpan> Duration = Gen.Double[0, 31].Select(doublings => TimeSpan.FromMicroseconds(Math.Pow(2, doublings)));

    [Fact]
    public void A_duration_is_in_the_range_that_it_falls_into() => Duration.Sample(duration =>
    {
        var bucket = Histogram.BucketOf(duration);
        Assert.InRange(bucket, 0, Histogram.Buckets - 1);
        Assert.InRange(duration, Histogram.StartOf(bucket), bucket == Histogram.Buckets - 1 ? TimeSpan.MaxValue : Histogram.StartOf(bucket + 1));
    });

    [Fact]
    public void Longer_durations_are_never_in_lower_ranges() => Gen.Select(Duration, Duration).Sample((a, b) => a <= b == Histogram.BucketOf(a) <= Histogram.BucketOf(b) || Histogram.BucketOf(a) == Histogram.BucketOf(b));

    [Fact]
    public void Adding_up_is_counting_all_together() => Gen.Select(Duration.List[0, 50], Duration.List[0, 50]).Sample((a, b) =>
    {
        var (sum, all) = (Of(a).Plus(Of(b)), Of([.. a, .. b]));
        Assert.Equal(all.Count, sum.Count);
        Assert.Equal(all.SumMs, sum.SumMs, tolerance: 1e-6 * (1 + all.SumMs));
        Assert.Equal(all.Counts.OrderBy(c => c.Key), sum.Counts.OrderBy(c => c.Key));
    });

    [Fact]
    public void Nothing_added_changes_nothing() => Duration.List[0, 20].Sample(a => Assert.Equivalent(Of(a), Of(a).Plus(Histogram.Empty)));

    [Fact]
    public void A_quantile_is_true_within_a_ranges_width() => Gen.Select(Duration.Where(d => d < Longest).List[1, 60], Gen.Double[0.001, 1]).Sample((durations, share) =>
    {
        var exact = durations.Order().ElementAt((int)Math.Ceiling(share * durations.Count) - 1);
        Assert.InRange(Of(durations).Quantile(share).TotalMicroseconds, exact.TotalMicroseconds - 0.1, Math.Max(77, exact.TotalMicroseconds * Width + 0.2));
    });

    [Fact]
    public void Of_nothing_every_quantile_is_zero() => Assert.Equal(TimeSpan.Zero, Histogram.Empty.Quantile(0.5));

    private static Histogram Of(IReadOnlyCollection<TimeSpan> durations)
    {
        var counted = new Durations();
        foreach (var duration in durations) counted.Add(duration);
        return counted.ToHistogram();
    }
}
