namespace Hypervize.Autoscaling.Simulation;

/// <summary>Places at nodes, in seconds of a place: a request takes one of them for as long as it lasts, less than a second too.</summary>
internal sealed class NodeSlots
{
    // By second: requests whose last second it is, and what they take of it.
    private readonly double[] _ending, _lastPart;
    private double _whole;

    /// <summary>Places for requests of a length.</summary>
    /// <param name="longest">The longest, seconds.</param>
    public NodeSlots(double longest) => (_ending, _lastPart) = (new double[(int)longest + 3], new double[(int)longest + 3]);

    /// <summary>Requests that go on after this second.</summary>
    public double UnderWay => _whole;

    /// <summary>What the last request takes that was let in, seconds.</summary>
    public double LastSeconds { get; private set; }

    /// <summary>Goes on with what is under way, and lets in what waits for as long as there are places.</summary>
    /// <param name="now">The second.</param>
    /// <param name="places">Places of all nodes.</param>
    /// <param name="line">What waits.</param>
    /// <returns>Places that were taken, on average over the second.</returns>
    public double Serve(int now, double places, WaitingLine line)
    {
        var at = now % _ending.Length;
        _whole -= _ending[at];
        var taken = _whole + _lastPart[at];
        (_ending[at], _lastPart[at]) = (0, 0);
        while (line.Count > 0 && places - taken > 1e-9)
        {
            LastSeconds = line.FirstSeconds;
            var part = Math.Min(1, LastSeconds);
            var letIn = line.LetIn((places - taken) / part, now);
            taken += letIn * part;
            Begin(now, letIn, LastSeconds);
        }
        return taken;
    }

    /// <summary>Requests came evenly until now.</summary>
    /// <param name="now">The second.</param>
    /// <param name="perSecond">Requests of a second.</param>
    /// <param name="seconds">What one takes, seconds.</param>
    public void Fill(int now, double perSecond, double seconds)
    {
        Array.Clear(_ending);
        Array.Clear(_lastPart);
        _whole = 0;
        if (perSecond == 0) return;
        LastSeconds = seconds;
        for (var second = now - (int)Math.Ceiling(seconds); second < now; second++)
            if (seconds > now - second) Begin(second, perSecond, seconds);
    }

    private void Begin(int now, double requests, double seconds)
    {
        if (seconds <= 1) return;
        // Rounded up, so that the last part is more than nothing and at most a second.
        var more = (int)Math.Ceiling(seconds - 1);
        var last = (now + more) % _ending.Length;
        _whole += requests;
        _ending[last] += requests;
        _lastPart[last] += requests * (seconds - more);
    }
}
