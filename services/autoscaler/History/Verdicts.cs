using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaler.History;

/// <summary>A time for which the policy found the same at every evaluation: the same number of nodes, by the same rules and tuning.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="From">The first evaluation.</param>
/// <param name="To">The last one so far.</param>
/// <param name="LeastNeeded">Nodes, and parts of one, that the load needed when it needed least.</param>
/// <param name="Most">The evaluation at which it needed most.</param>
public sealed record VerdictRun(string EndpointId, DateTimeOffset From, DateTimeOffset To, double LeastNeeded, Explanation Most)
{
    /// <summary>The run as it is kept and told.</summary>
    public Finding ToFinding() => new(
        From, To, Most.Nodes, Most.It.Wanted, Most.It.Ready, Most.IsPanic, Math.Round(LeastNeeded, 3), Math.Round(Most.Needed, 3),
        Math.Round(Most.Load.AtOnce, 3), Math.Round(Most.Load.PerMinute, 3), Most.Clamps, Most.InWords());
}

/// <summary>
/// What the policy found lately about every endpoint that is up, as runs: of a day in which nothing happened, one is left. In memory; <see cref="VerdictKeeper"/>
/// takes away what is over, and once a minute what goes on.
/// </summary>
/// <param name="time">Time.</param>
public sealed class Verdicts(TimeProvider time)
{
    // While the database is down, the oldest are let go of.
    private const int MostWaiting = 100_000;
    private static readonly TimeSpan Checkpoint = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Run> _runs = new(StringComparer.Ordinal);
    private readonly Queue<VerdictRun> _over = new();

    /// <summary>Notes an evaluation.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="found">What the policy found.</param>
    public void Note(string endpointId, in Explanation found)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_runs.TryGetValue(endpointId, out var run))
            {
                if (run.TakesIn(found, now)) return;
                Over(run.SoFar);
            }
            _runs[endpointId] = new(endpointId, found, now);
        }
    }

    /// <summary>The endpoint is not up any more, and not evaluated.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public void End(string endpointId)
    {
        lock (_lock)
            if (_runs.Remove(endpointId, out var run)) Over(run.SoFar);
    }

    /// <summary>The run that goes on; null when the endpoint is not up.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public VerdictRun? Now(string endpointId)
    {
        lock (_lock) return _runs.GetValueOrDefault(endpointId)?.SoFar;
    }

    /// <summary>What was not taken yet: runs that are over, and those that have gone on for a minute since they began or were taken.</summary>
    /// <param name="all">Whether those, too, that have gone on for less.</param>
    public IReadOnlyList<VerdictRun> Take(bool all)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            List<VerdictRun> taken = [.. _over];
            _over.Clear();
            foreach (var run in _runs.Values)
            {
                if (!all && now - run.TakenAt < Checkpoint) continue;
                run.TakenAt = now;
                taken.Add(run.SoFar);
            }
            return taken;
        }
    }

    /// <summary>What was taken could not be kept.</summary>
    /// <param name="taken">What was taken.</param>
    public void GiveBack(IReadOnlyList<VerdictRun> taken)
    {
        lock (_lock)
            foreach (var run in taken) Over(run);
    }

    private void Over(VerdictRun run)
    {
        if (_over.Count >= MostWaiting) _over.Dequeue();
        _over.Enqueue(run);
    }

    private sealed class Run
    {
        private readonly string _endpointId;
        private readonly DateTimeOffset _from;
        private DateTimeOffset _to;
        private double _leastNeeded;
        private Explanation _most;

        public Run(string endpointId, in Explanation first, DateTimeOffset now) =>
            (_endpointId, _from, _to, TakenAt, _leastNeeded, _most) = (endpointId, now, now, now, first.Needed, first);

        public DateTimeOffset TakenAt { get; set; }

        public VerdictRun SoFar => new(_endpointId, _from, _to, _leastNeeded, _most);

        public bool TakesIn(in Explanation found, DateTimeOffset now)
        {
            if (!IsSame(found)) return false;
            _to = now;
            if (found.Needed < _leastNeeded) _leastNeeded = found.Needed;
            if (found.Needed > _most.Needed) _most = found;
            return true;
        }

        private bool IsSame(in Explanation found)
        {
            if (_most.Nodes != found.Nodes || _most.It.Wanted != found.It.Wanted || _most.It.Ready != found.It.Ready || _most.IsPanic != found.IsPanic || _most.Clamps.Count != found.Clamps.Count || _most.Tuning != found.Tuning) return false;
            for (var i = 0; i < found.Clamps.Count; i++)
                if (_most.Clamps[i].Rule != found.Clamps[i].Rule) return false;
            return true;
        }
    }
}
