namespace Hypervize.Autoscaling.Simulation;

/// <summary>What a simulation comes to.</summary>
internal sealed class Ledger
{
    private readonly List<Change> _changes = [];
    private readonly (double Demand, double Nodes, double Waiting)[] _slices;
    private readonly int _seconds;
    private double _requests, _nodeSeconds, _servedSeconds;
    private int _wakes, _sliceEnd;
    private int _slice = -1;

    /// <summary>Nothing yet.</summary>
    /// <param name="seconds">How long it lasts, seconds.</param>
    /// <param name="slices">Parts of the chart.</param>
    public Ledger(int seconds, int slices) => (_seconds, _slices) = (seconds, new (double, double, double)[Math.Max(1, Math.Min(slices, seconds))]);

    /// <summary>Some seconds went by.</summary>
    /// <param name="from">The first of them.</param>
    /// <param name="seconds">How many.</param>
    /// <param name="arrived">Requests that came.</param>
    /// <param name="atOnce">Requests at once.</param>
    /// <param name="nodes">Nodes that served.</param>
    /// <param name="waiting">Requests that waited.</param>
    public void Count(int from, int seconds, int arrived, double atOnce, int nodes, double waiting)
    {
        _requests += arrived;
        _nodeSeconds += (double)nodes * seconds;
        if (nodes > 0) _servedSeconds += seconds;
        for (var (at, end) = (from, from + seconds); at < end;)
        {
            var slice = SliceOf(at);
            var here = Math.Min(end, _sliceEnd) - at;
            ref var it = ref _slices[slice];
            it = (it.Demand + atOnce * here, it.Nodes + (double)nodes * here, Math.Max(it.Waiting, waiting));
            at += here;
        }
    }

    /// <summary>A node went on until its requests were finished.</summary>
    /// <param name="seconds">For so many seconds.</param>
    /// <param name="isLast">Whether there was no other.</param>
    public void Drained(double seconds, bool isLast)
    {
        _nodeSeconds += seconds;
        if (isLast) _servedSeconds += seconds;
    }

    /// <summary>The number of nodes was changed.</summary>
    /// <param name="change">How.</param>
    public void Changed(Change change) => _changes.Add(change);

    /// <summary>A request woke it.</summary>
    /// <param name="change">How many nodes were ordered.</param>
    public void Woken(Change change)
    {
        _wakes++;
        Changed(change);
    }

    /// <summary>What it came to.</summary>
    /// <param name="line">Who waits.</param>
    public Outcome Close(WaitingLine line) => new(
        _requests, line.Refused, _nodeSeconds / 3600, _servedSeconds / 3600, _wakes, _changes,
        [.. _slices.Select((s, i) => new Slice(Begin(i), s.Demand / (Begin(i + 1) - Begin(i)), s.Nodes / (Begin(i + 1) - Begin(i)), s.Waiting))], line.Close(_seconds));

    private int Begin(int slice) => (int)((long)_seconds * slice / _slices.Length);

    // Time only goes on.
    private int SliceOf(int second)
    {
        while (second >= _sliceEnd) _sliceEnd = Begin(++_slice + 1);
        return _slice;
    }
}
