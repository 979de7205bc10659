namespace Hypervize.Autoscaling.Policy;

/// <summary>What is remembered of one time of being up, from one decision to the next: the policy itself remembers nothing.</summary>
/// <param name="upAt">When it became up, or when that was first known.</param>
/// <param name="tuning">How the policy is tuned.</param>
public sealed class PolicyMemory(TimeSpan upAt, Tuning tuning)
{
    private readonly SlidingMaximum _atOnce = new(tuning.Stabilisation);
    private SlidingMaximum? _perMinute;
    private TimeSpan? _startingSince;

    /// <summary>When it became up, or when that was first known.</summary>
    public TimeSpan UpAt => upAt;

    /// <summary>How the policy is tuned.</summary>
    public Tuning Tuning => tuning;

    /// <summary>When the last burst was that caused a panic; null when there was none.</summary>
    public TimeSpan? PanickedAt { get; private set; }

    /// <summary>The highest load that counted in the stabilisation window; requests per minute only while the owner set a number for them.</summary>
    public Load Peak { get; private set; }

    /// <summary>Remembers a decision.</summary>
    /// <param name="decided">What was decided, and on what.</param>
    /// <param name="now">Now; never before the last one.</param>
    public void Note(in Explanation decided, TimeSpan now)
    {
        if (decided.IsBurst) PanickedAt = now;
        if (decided.It.Scaling.RequestsPerMinute is not null) _perMinute ??= new(tuning.Stabilisation);
        Peak = new(_atOnce.With(decided.Load.AtOnce, now), _perMinute?.With(decided.Load.PerMinute, now) ?? 0);
    }

    /// <summary>How long nodes have been on their way.</summary>
    /// <param name="starting">Whether there are such.</param>
    /// <param name="now">Now.</param>
    public TimeSpan StartingFor(bool starting, TimeSpan now)
    {
        _startingSince = starting ? _startingSince ?? now : null;
        return now - (_startingSince ?? now);
    }
}
