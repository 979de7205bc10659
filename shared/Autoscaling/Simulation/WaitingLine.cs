namespace Hypervize.Autoscaling.Simulation;

/// <summary>Requests that wait for a place, in order of arrival.</summary>
/// <param name="holdSeconds">For how long at most.</param>
internal sealed class WaitingLine(int holdSeconds)
{
    private readonly Queue<Group> _groups = new();
    private readonly double[] _waits = new double[holdSeconds + 1];
    private double _gone;

    /// <summary>How many wait.</summary>
    public double Count { get; private set; }

    /// <summary>How many were refused.</summary>
    public double Refused { get; private set; }

    /// <summary>What the first in line takes, seconds.</summary>
    public double FirstSeconds => _groups.Peek().Seconds;

    /// <summary>Requests come.</summary>
    /// <param name="now">The second.</param>
    /// <param name="requests">How many.</param>
    /// <param name="seconds">What each takes, seconds.</param>
    public void Join(int now, int requests, double seconds)
    {
        _groups.Enqueue(new(now, requests, seconds));
        Count += requests;
    }

    /// <summary>Lets some of the first group go to a node.</summary>
    /// <param name="most">How many at most; a part of one goes now when the rest of a place is left.</param>
    /// <param name="now">The second.</param>
    /// <returns>How many go.</returns>
    public double LetIn(double most, int now)
    {
        var first = _groups.Peek();
        var there = first.Requests - _gone;
        var going = Math.Min(there, most);
        _waits[now - first.Since] += going;
        Leave(going, there);
        return going;
    }

    /// <summary>Who has waited for as long as requests are held goes.</summary>
    /// <param name="now">The second.</param>
    public void GiveUp(int now)
    {
        while (_groups.TryPeek(out var first) && now - first.Since >= holdSeconds)
        {
            var there = first.Requests - _gone;
            _waits[holdSeconds] += there;
            Refused += there;
            Leave(there, there);
        }
    }

    /// <summary>How many waited for so many seconds; those that still do, until now.</summary>
    /// <param name="now">The second.</param>
    public IReadOnlyList<double> Close(int now)
    {
        while (_groups.TryPeek(out var first)) LetIn(first.Requests, now);
        return _waits;
    }

    /// <summary>Requests come and find a place at once.</summary>
    /// <param name="requests">How many.</param>
    public void Pass(int requests) => _waits[0] += requests;

    private void Leave(double going, double there)
    {
        Count -= going;
        _gone += going;
        if (there - going > 1e-9) return;
        _groups.Dequeue();
        _gone = 0;
        if (_groups.Count == 0) Count = 0;
    }

    private readonly record struct Group(int Since, int Requests, double Seconds);
}
