namespace Hypervize.Contracts;

/// <summary>How many durations fell into which range. Two of them are merged by adding up.</summary>
/// <param name="Count">Durations in all.</param>
/// <param name="SumMs">Their sum, milliseconds.</param>
/// <param name="Counts">
/// How many in each range that has any. Range <c>i</c> begins at <c>2^(i/4) · 64</c> microseconds and ends where the next begins, 19 % above; what is shorter
/// than the first counts in range 0, what is longer than the last in the last.
/// </param>
public sealed record Histogram(long Count, double SumMs, IReadOnlyDictionary<int, long> Counts)
{
    /// <summary>Ranges there are: up to some 20 minutes.</summary>
    public const int Buckets = 98;

    private const double FirstMicroseconds = 64;
    private const int PerDoubling = 4;

    /// <summary>No durations.</summary>
    public static Histogram Empty { get; } = new(0, 0, new Dictionary<int, long>());

    /// <summary>The range that a duration falls into.</summary>
    /// <param name="duration">The duration.</param>
    public static int BucketOf(TimeSpan duration) =>
        duration.TotalMicroseconds <= FirstMicroseconds ? 0 : Math.Min((int)(Math.Log2(duration.TotalMicroseconds / FirstMicroseconds) * PerDoubling), Buckets - 1);

    /// <summary>Where a range begins.</summary>
    /// <param name="bucket">The range.</param>
    public static TimeSpan StartOf(int bucket) => bucket == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(FirstMicroseconds * Math.Pow(2, (double)bucket / PerDoubling));

    /// <summary>Both together.</summary>
    /// <param name="other">The other.</param>
    public Histogram Plus(Histogram other) => Sum([this, other]);

    /// <summary>All of them together.</summary>
    /// <param name="some">Any number of them.</param>
    public static Histogram Sum(IEnumerable<Histogram> some)
    {
        var (count, sumMs, counts) = (0L, 0.0, new long[Buckets]);
        foreach (var one in some)
        {
            count += one.Count;
            sumMs += one.SumMs;
            foreach (var (bucket, there) in one.Counts) counts[bucket] += there;
        }
        return new(count, sumMs, counts.Index().Where(c => c.Item > 0).ToDictionary(c => c.Index, c => c.Item));
    }

    /// <summary>The duration below which a share of them lies, within a range's width; zero when there are none.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public TimeSpan Quantile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        foreach (var (bucket, count) in Counts.OrderBy(c => c.Key))
            if ((rank -= count) <= 0) return StartOf(bucket + 1);
        return TimeSpan.Zero;
    }
}
