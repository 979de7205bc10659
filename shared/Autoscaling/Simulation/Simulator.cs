using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>
/// What would have become of an endpoint: traffic, and the policy that decides in production. Time goes by seconds, as reports do. Nodes take their requests at
/// once up to the concurrency, in order of arrival, and the rest waits; a node on its way serves after the start time; one that is let go of finishes first.
/// While nothing changes, a whole step of the traffic is one step of the simulation: a year of minutes takes less than a second.
/// </summary>
public sealed class Simulator
{
    private const double Nothing = 1e-9;

    // From letting go of a node that has no request until it has stopped: half of the second between two reports of a proxy, and the stop. As measured.
    private const double StopSeconds = 0.7;

    private readonly Traffic _traffic;
    private readonly Setup _setup;
    private readonly RecentLoad _recent;
    private readonly NodeSlots _slots;
    private readonly WaitingLine _line;
    private readonly Ledger _ledger;
    private readonly List<int> _starting = [];
    private PolicyMemory? _memory;
    private int _ready, _wanted, _busyAt;
    private bool _stays;
    private (int Step, int Wanted, Explanation Found)? _settled;
    private Calm? _calm;

    private Simulator(Traffic traffic, Setup setup, int slices)
    {
        (_traffic, _setup) = (traffic, setup);
        _recent = new((int)setup.Tuning.Window.TotalSeconds, Math.Max(1, (int)setup.Tuning.PanicWindow.TotalSeconds));
        _slots = new(traffic.Longest);
        _line = new(setup.HoldSeconds);
        _ledger = new(traffic.Seconds, slices);
    }

    private bool IsUp => _memory is not null;

    private bool IsAsleep => _memory is null && _starting.Count == 0;

    /// <summary>Runs traffic through an endpoint, which begins asleep if it may sleep and nothing else is said.</summary>
    /// <param name="traffic">The traffic.</param>
    /// <param name="setup">The endpoint.</param>
    /// <param name="slices">Into how many parts the chart is divided.</param>
    public static Outcome Run(Traffic traffic, Setup setup, int slices = 60) => new Simulator(traffic, setup, slices).Run();

    private Outcome Run()
    {
        if ((_setup.BeginsWith ?? _setup.Scaling.Min) is > 0 and var nodes) BecomeUp(0, nodes);
        for (var step = 0; step < _traffic.Steps; step++)
        {
            var (begin, end) = (step * _traffic.StepSeconds, (step + 1) * _traffic.StepSeconds);
            for (var now = begin; now < end;)
            {
                if (_traffic.StepSeconds > 1 && Skip(step, now, end)) break;
                Second(step, now - begin, now);
                now++;
            }
        }
        return _ledger.Close(_line);
    }

    private void Second(int step, int offset, int now)
    {
        if (_calm is { } calm) Resume(calm, now);
        // In the order in which they were ordered.
        while (_starting is [var ready, ..] && ready <= now)
        {
            _starting.RemoveAt(0);
            _ready++;
        }
        if (_ready > 0 && !IsUp) BecomeUp(now, _ready);

        var arrived = 0;
        foreach (var cohort in _traffic.Of(step))
        {
            var requests = Until(cohort.Requests, offset + 1) - Until(cohort.Requests, offset);
            if (requests == 0) continue;
            arrived += requests;
            _line.Join(now, requests, cohort.Seconds);
        }
        if (arrived > 0 && IsAsleep) Wake(now);

        var served = _slots.Serve(now, (double)_ready * _setup.Scaling.Concurrency, _line);
        _line.GiveUp(now);
        var atOnce = served + _line.Count;
        _ledger.Count(now, 1, arrived, atOnce, _ready, _line.Count);
        if (!IsUp) return;
        if (atOnce > Nothing || arrived > 0) _busyAt = now + 1;
        _recent.Add(atOnce, arrived);
        Decide(now + 1);
    }

    private void Decide(int now)
    {
        var decided = _setup.Decide(Situation(now), _setup.Tuning);
        _memory!.Note(decided, TimeSpan.FromSeconds(now));
        _stays = decided.Stays;
        if (_stays) return;
        _ledger.Changed(new(now, _wanted, decided.Nodes, decided));
        for (var wanted = _wanted; wanted < decided.Nodes; wanted++) _starting.Add(now + _setup.StartSeconds);
        for (var wanted = _wanted; wanted > decided.Nodes; wanted--)
        {
            if (_starting.Count > 0) _starting.RemoveAt(_starting.Count - 1);
            else
            {
                _ready--;
                _ledger.Drained(StopSeconds + (_slots.UnderWay > Nothing ? _slots.LastSeconds : 0), isLast: decided.Nodes == 0 && _ready == 0);
            }
        }
        _wanted = decided.Nodes;
        if (_wanted == 0) _memory = null;
    }

    private Situation Situation(int now)
    {
        var at = TimeSpan.FromSeconds(now);
        var isKnown = at - _memory!.UpAt >= _setup.Tuning.Stabilisation;
        return new(_setup.Scaling, _wanted, _ready, _memory.StartingFor(_starting.Count > 0, at), at - _memory.PanickedAt,
            new(_recent.Average, _recent.Burst, isKnown ? _memory.Peak : null, Quiet(now), Proxies: 1, Silent: 0, TimeSpan.Zero));
    }

    private TimeSpan Quiet(int now) => TimeSpan.FromSeconds(now - Math.Max(_busyAt, _memory!.UpAt.TotalSeconds));

    private void Wake(int now)
    {
        _wanted = Math.Max(1, _setup.Scaling.Min);
        for (var node = 0; node < _wanted; node++) _starting.Add(now + _setup.StartSeconds);
        _ledger.Woken(new(now, 0, _wanted, null));
    }

    private void BecomeUp(int now, int nodes)
    {
        (_ready, _wanted, _memory) = (nodes, Math.Max(_wanted, nodes), new(TimeSpan.FromSeconds(now), _setup.Tuning));
        _recent.Clear();
        _busyAt = now;
    }

    // The rest of a step at once, if nothing would be decided in it: the policy stayed where it is by what it knew last, and will by what it knows when the step's
    // load is all there is, and so, more load never meaning fewer nodes, by everything between.
    private bool Skip(int step, int now, int end)
    {
        var cohorts = _traffic.Of(step);
        if (IsAsleep)
        {
            if (cohorts.Length > 0) return false;
            _ledger.Count(now, end - now, 0, 0, 0, 0);
            return true;
        }
        if (!IsCalm(now) || cohorts.Length > 1) return false;
        var cohort = cohorts.Length == 0 ? default : cohorts[0];
        var next = new Calm(cohort.Requests / (double)_traffic.StepSeconds, cohort.Seconds);
        if (next.Load.AtOnce > _ready * _setup.Scaling.Concurrency) return false;
        if (_setup.Scaling.Min == 0 && LongestGap(cohort, now, end) >= _setup.Scaling.IdleSeconds) return false;

        if (_settled is not { } known || known.Step != step || known.Wanted != _wanted) _settled = known = (step, _wanted, _setup.Decide(Calmly(next.Load, end), _setup.Tuning));
        if (!known.Found.Stays || known.Found.IsBurst) return false;

        _memory!.Note(known.Found, TimeSpan.FromSeconds(end));
        var offset = now % _traffic.StepSeconds;
        var arriving = cohort.Requests - Until(cohort.Requests, offset);
        if (arriving > 0) _busyAt = end - _traffic.StepSeconds / cohort.Requests / 2 + (int)Math.Ceiling(cohort.Seconds);
        _line.Pass(arriving);
        _ledger.Count(now, end - now, arriving, next.Load.AtOnce, _ready, 0);
        _calm = next;
        return true;
    }

    // Nothing is on its way, waits, or is remembered that will be forgotten by itself.
    private bool IsCalm(int now)
    {
        if (_memory is not { } memory || !_stays || _starting.Count > 0 || _line.Count > Nothing) return false;
        var at = TimeSpan.FromSeconds(now);
        return at - memory.UpAt >= _setup.Tuning.Stabilisation && !(at - memory.PanickedAt <= _setup.Tuning.Window);
    }

    private double LongestGap(Cohort cohort, int now, int end) => cohort.Requests == 0
        ? end - Math.Max(_busyAt, _memory!.UpAt.TotalSeconds)
        : Math.Max(_traffic.StepSeconds / (double)cohort.Requests, now - _busyAt + _traffic.StepSeconds / (2.0 * cohort.Requests));

    private Situation Calmly(Load load, int now) => new(_setup.Scaling, _wanted, _ready, TimeSpan.Zero, TimeSpan.FromSeconds(now) - _memory!.PanickedAt,
        new(load, load, load, TimeSpan.Zero, Proxies: 1, Silent: 0, TimeSpan.Zero));

    private void Resume(Calm calm, int now)
    {
        _recent.Fill(calm.Load);
        _slots.Fill(now, calm.PerSecond, calm.Seconds);
        _calm = null;
    }

    // Requests of a step that have come by the end of so many seconds of it, evenly: the first after half of the time between two.
    private int Until(int requests, int seconds) => seconds >= _traffic.StepSeconds ? requests : (int)((long)requests * seconds * 2 / _traffic.StepSeconds + 1) / 2;

    /// <summary>Steps in which nothing changed: what the last of them was like.</summary>
    private readonly record struct Calm(double PerSecond, double Seconds)
    {
        public Load Load => new(PerSecond * Seconds, PerSecond * 60);
    }
}
