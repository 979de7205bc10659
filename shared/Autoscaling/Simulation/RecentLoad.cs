using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>The load of the last seconds, as the policy hears of it.</summary>
/// <param name="window">Seconds of the window.</param>
/// <param name="panicWindow">Seconds of the panic window.</param>
internal sealed class RecentLoad(int window, int panicWindow)
{
    private readonly double[] _atOnce = new double[window];
    private readonly int[] _arrived = new int[window];
    private int _next;

    // What was added and taken away again is summed anew once in a round: rounding does not pile up.
    private double _sum, _burstSum;
    private double _arrivedSum, _burstArrived;

    /// <summary>The average over the window.</summary>
    public Load Average => new(_sum / window, _arrivedSum * 60 / window);

    /// <summary>The average over the panic window.</summary>
    public Load Burst => new(_burstSum / panicWindow, _burstArrived * 60 / panicWindow);

    /// <summary>One more second.</summary>
    /// <param name="atOnce">Requests at once.</param>
    /// <param name="arrived">Requests that came.</param>
    public void Add(double atOnce, int arrived)
    {
        var left = _next >= panicWindow ? _next - panicWindow : _next + window - panicWindow;
        _burstSum += atOnce - _atOnce[left];
        _burstArrived += arrived - _arrived[left];
        _sum += atOnce - _atOnce[_next];
        _arrivedSum += arrived - _arrived[_next];
        (_atOnce[_next], _arrived[_next]) = (atOnce, arrived);
        if (++_next < window) return;
        _next = 0;
        (_sum, _burstSum) = (_atOnce.Sum(), _atOnce.AsSpan()[^panicWindow..].ToArray().Sum());
    }

    /// <summary>Nothing is known.</summary>
    public void Clear() => Fill(default);

    /// <summary>It was the same for the whole window.</summary>
    /// <param name="load">What it was.</param>
    public void Fill(Load load)
    {
        Array.Fill(_atOnce, load.AtOnce);
        // Spread over the seconds, so that sums come out whole.
        for (var second = 0; second < window; second++) _arrived[second] = (int)(load.PerMinute / 60 * (second + 1)) - (int)(load.PerMinute / 60 * second);
        _next = 0;
        (_sum, _burstSum) = (load.AtOnce * window, load.AtOnce * panicWindow);
        (_arrivedSum, _burstArrived) = (_arrived.Sum(), _arrived[^panicWindow..].Sum());
    }
}
