namespace Hypervize.Autoscaler.Evaluation;

/// <summary>What has passed since this autoscaler started: a clock that nobody sets.</summary>
/// <param name="time">Time.</param>
public sealed class SteadyClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Now.</summary>
    public TimeSpan Now => time.GetElapsedTime(_start);
}
