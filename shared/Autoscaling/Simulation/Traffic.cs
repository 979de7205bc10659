namespace Hypervize.Autoscaling.Simulation;

/// <summary>Requests that come in one step, and take the same time each.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Seconds">What one takes at a node, seconds; above 0.</param>
public readonly record struct Cohort(int Requests, double Seconds);

/// <summary>What was asked of an endpoint, or might be: how many requests came in each step, and what they took. No prompts, no clients. Immutable.</summary>
public sealed class Traffic
{
    private readonly Cohort[] _cohorts;
    private readonly int[] _ends;

    private Traffic(DateTimeOffset from, int stepSeconds, Cohort[] cohorts, int[] ends) => (From, StepSeconds, _cohorts, _ends) = (from, stepSeconds, cohorts, ends);

    /// <summary>When it begins.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Seconds of a step; within one, requests come evenly.</summary>
    public int StepSeconds { get; }

    /// <summary>How many steps there are.</summary>
    public int Steps => _ends.Length;

    /// <summary>How long it lasts, seconds.</summary>
    public int Seconds => Steps * StepSeconds;

    /// <summary>Requests in all.</summary>
    public long Requests => _cohorts.Sum(c => (long)c.Requests);

    /// <summary>The longest that a request takes, seconds.</summary>
    public double Longest => _cohorts.Length == 0 ? 0 : _cohorts.Max(c => c.Seconds);

    /// <summary>What comes in a step.</summary>
    /// <param name="step">Its number, from 0.</param>
    public ReadOnlySpan<Cohort> Of(int step) => _cohorts.AsSpan((step == 0 ? 0 : _ends[step - 1]).._ends[step]);

    /// <summary>Traffic that was counted by intervals.</summary>
    /// <param name="from">When the first begins.</param>
    /// <param name="stepSeconds">Seconds of each.</param>
    /// <param name="intervals">What came in each, one after the other without a gap.</param>
    public static Traffic OfIntervals(DateTimeOffset from, int stepSeconds, IReadOnlyCollection<Cohort> intervals)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepSeconds, 1);
        var (cohorts, ends) = (new List<Cohort>(), new List<int>(intervals.Count));
        foreach (var interval in intervals)
        {
            if (interval.Requests > 0) cohorts.Add(interval);
            ends.Add(cohorts.Count);
        }
        return new(from, stepSeconds, [.. cohorts], [.. ends]);
    }

    /// <summary>Traffic of which each request is known.</summary>
    /// <param name="from">When it begins.</param>
    /// <param name="requests">When each came, seconds after that, and what it took, seconds; in order of time.</param>
    public static Traffic OfRequests(DateTimeOffset from, IEnumerable<(double At, double Seconds)> requests)
    {
        var (cohorts, ends) = (new List<Cohort>(), new List<int>());
        foreach (var (at, seconds) in requests)
        {
            while (ends.Count < (int)at) ends.Add(cohorts.Count);
            cohorts.Add(new(1, seconds));
        }
        ends.Add(cohorts.Count);
        return new(from, 1, [.. cohorts], [.. ends]);
    }
}
