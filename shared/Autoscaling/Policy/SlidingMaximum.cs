namespace Hypervize.Autoscaling.Policy;

/// <summary>The highest of the values seen lately. Keeps only those that can still become it: each is lower than the one before.</summary>
/// <param name="window">How long a value counts.</param>
public sealed class SlidingMaximum(TimeSpan window)
{
    private readonly List<(TimeSpan At, double Value)> _falling = [];

    /// <summary>Adds a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="now">When it was seen; never before the last one.</param>
    /// <returns>The highest of the window, this one included.</returns>
    public double With(double value, TimeSpan now)
    {
        while (_falling is [var first, ..] && first.At < now - window) _falling.RemoveAt(0);
        while (_falling is [.., var last] && last.Value <= value) _falling.RemoveAt(_falling.Count - 1);
        _falling.Add((now, value));
        return _falling[0].Value;
    }
}
