namespace Hypervize.Bench;

/// <summary>The middle of a figure's samples, and how far they lie apart.</summary>
/// <param name="Median">Median.</param>
/// <param name="Low">First quartile.</param>
/// <param name="High">Third quartile.</param>
internal sealed record Spread(double Median, double Low, double High)
{
    /// <summary>Of samples.</summary>
    /// <param name="samples">Samples, in any order.</param>
    public static Spread Of(IReadOnlyCollection<double> samples) =>
        new(Figure.Quantile(samples, 0.5), Figure.Quantile(samples, 0.25), Figure.Quantile(samples, 0.75));

    /// <summary>
    /// Of what two contestants did in the same rounds, round by round: what slows the machine down for a while slows both, and falls out.
    /// </summary>
    /// <param name="ours">One sample per round.</param>
    /// <param name="theirs">One sample per round.</param>
    /// <param name="compare">Compares the two samples of a round.</param>
    public static Spread OfPairs(IEnumerable<double> ours, IEnumerable<double> theirs, Func<double, double, double> compare) => Of([.. ours.Zip(theirs, compare)]);
}
