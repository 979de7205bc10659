using Hypervize.Autoscaler.History;
using Hypervize.Autoscaler.Metrics;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Evaluation;

/// <summary>What an evaluation found should be done, to be published.</summary>
/// <param name="Scale">Endpoints that should have another number of nodes.</param>
/// <param name="Hibernate">Endpoints that should sleep.</param>
public sealed record Commands(IReadOnlyList<ScaleEndpoint> Scale, IReadOnlyList<HibernateEndpoint> Hibernate);

/// <summary>
/// Takes in reports, and asks the policy about every endpoint that is up. Keeps all it knows in memory: after a restart it knows
/// nothing of the time before, and rather than guess it waits until it has seen a whole idle time, or a whole stabilisation window.
/// <para>
/// A command says on which version of the endpoint it was decided, and is given again after a while if the endpoint still stands
/// there. So a lost command is repeated, and the doubled commands of two autoscalers do nothing the second time.
/// </para>
/// </summary>
/// <param name="settings">How to measure.</param>
/// <param name="verdicts">Told what the policy finds.</param>
/// <param name="journal">Told all that is heard and decided; null where nobody wants to know.</param>
public sealed class Evaluator(AutoscalerSettings settings, Verdicts verdicts, Journal? journal = null)
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(60);

    private readonly Tuning _tuning = settings.Tuning;
    private readonly Lock _lock = new();
    private readonly Coverage _coverage = new(settings.Late, settings.Forget);
    private readonly Dictionary<string, TrafficWindow> _traffic = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Watch> _watches = new(StringComparer.Ordinal);
    private TimeSpan _sweptAt;

    /// <summary>Takes in a proxy's report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">When it arrived.</param>
    /// <returns>The interval that it covers; null when it had been taken in before.</returns>
    public Interval? Take(ProxyReport report, TimeSpan now)
    {
        lock (_lock)
        {
            journal?.Heard(report, now);
            if (_coverage.Take(report, now) is not { } interval) return null;
            foreach (var endpoint in report.Endpoints)
            {
                // An endpoint whose node drains is listed without a request, too.
                if ((endpoint.Started | endpoint.Completed | endpoint.Failed | endpoint.InFlight | endpoint.Waiting) == 0) continue;
                if (!_traffic.TryGetValue(endpoint.EndpointId, out var window)) _traffic[endpoint.EndpointId] = window = new();
                window.Add(interval, endpoint, now);
            }
            return interval;
        }
    }

    /// <summary>How well traffic is known.</summary>
    /// <param name="now">Now.</param>
    public Knowledge Knowledge(TimeSpan now)
    {
        lock (_lock) return _coverage.At(now);
    }

    /// <summary>Asks the policy about every endpoint that is up.</summary>
    /// <param name="endpoints">All endpoints by id.</param>
    /// <param name="now">Now.</param>
    public Commands Evaluate(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, TimeSpan now)
    {
        var (scale, hibernate) = (new List<ScaleEndpoint>(), new List<HibernateEndpoint>());
        lock (_lock)
        {
            _coverage.Forget(now);
            var knowledge = _coverage.At(now);
            foreach (var (id, (version, _, state)) in endpoints)
            {
                if (state.Status != EndpointStatus.Up)
                {
                    if (_watches.Remove(id)) verdicts.End(id);
                    continue;
                }
                var watch = WatchOf(state, now);
                var window = watch.Traffic ??= _traffic.GetValueOrDefault(id);
                window?.Forget(now - watch.Memory.Tuning.Window - settings.Late);

                var decided = ScalingPolicy.Decide(Situation(state, watch.Memory, window, knowledge, now), watch.Memory.Tuning);
                watch.Memory.Note(decided, now);
                verdicts.Note(id, decided);
                if (decided.Stays || !watch.MaySay(version, settings.Repeat, now)) continue;
                if (decided.Nodes == 0) hibernate.Add(new(id, version, decided.InWords()));
                else scale.Add(new(id, version, decided.Nodes, Victims(state, window, decided.Nodes), decided.InWords()));
            }
            if (now - _sweptAt >= Sweep) SweepOut(endpoints, now);
            var commands = new Commands(scale, hibernate);
            journal?.Evaluated(endpoints, now, commands);
            return commands;
        }
    }

    private Situation Situation(EndpointState state, PolicyMemory memory, TrafficWindow? window, in Knowledge knowledge, TimeSpan now)
    {
        var (tuning, ready, draining) = (memory.Tuning, 0, (List<string>?)null);
        foreach (var node in state.Nodes)
        {
            if (node.Status == NodeStatus.Ready) ready++;
            else if (node.Status == NodeStatus.Draining) (draining ??= []).Add(node.Id);
        }

        var quiet = knowledge.LengthFrom(window?.BusyAt > memory.UpAt ? window.BusyAt : memory.UpAt);
        // What was held while it woke is not yet load: the first node may take it all at once.
        var (average, burst) = window?.Average(tuning.Window, tuning.PanicWindow, memory.UpAt, (IReadOnlyList<string>?)draining ?? [], _coverage, now) ?? default;
        var demand = new Demand(
            average, burst, knowledge.LengthFrom(memory.UpAt) >= tuning.Stabilisation ? memory.Peak : null, quiet,
            knowledge.Known, knowledge.Silent, knowledge.ReportAge ?? TimeSpan.Zero);
        return new(state.Settings.Scaling, state.Wanted, ready, memory.StartingFor(ready < state.Wanted, now), now - memory.PanickedAt, demand);
    }

    private Watch WatchOf(EndpointState state, TimeSpan now)
    {
        if (_watches.TryGetValue(state.Id, out var watch) && watch.IsStillOf(state)) return watch;
        return _watches[state.Id] = new(state, new(now, _tuning.With(state.Settings.Scaling.Tuning)));
    }

    // Those that serve nobody yet before those that serve; the newest before the oldest.
    private static string[] Victims(EndpointState state, TrafficWindow? window, int nodes)
    {
        var kept = state.Nodes.Where(n => n.Status != NodeStatus.Draining).ToArray();
        return [.. kept.Reverse().OrderBy(n => window?.InFlight(n.Id) ?? 0).ThenBy(n => n.Status == NodeStatus.Ready).Take(kept.Length - nodes).Select(n => n.Id)];
    }

    private void SweepOut(IReadOnlyDictionary<string, Heard<EndpointState>> endpoints, TimeSpan now)
    {
        foreach (var id in _watches.Keys.Where(id => !IsUp(id)).ToArray())
        {
            _watches.Remove(id);
            verdicts.End(id);
        }
        // Reports may be ahead of what is heard of endpoints.
        foreach (var (id, window) in _traffic.Where(t => !IsUp(t.Key) && now - t.Value.BusyAt >= Sweep).ToArray()) _traffic.Remove(id);
        _sweptAt = now;

        bool IsUp(string id) => endpoints.TryGetValue(id, out var heard) && heard.State.Status == EndpointStatus.Up;
    }

    // One time of being up under one tuning: what was measured by another says nothing. Whoever just learns of it counts from now on.
    private sealed class Watch(EndpointState first, PolicyMemory memory)
    {
        private readonly DateTimeOffset _since = first.StatusSince;
        private ScalingTuning? _own = first.Settings.Scaling.Tuning;
        private (long Version, TimeSpan At)? _said;

        public PolicyMemory Memory => memory;

        public TrafficWindow? Traffic { get; set; }

        public bool IsStillOf(EndpointState state)
        {
            var own = state.Settings.Scaling.Tuning;
            if (state.StatusSince != _since || own != _own) return false;
            // Each version brings an object of its own; from the second look on, both are the same one.
            _own = own;
            return true;
        }

        public bool MaySay(long version, TimeSpan repeat, TimeSpan now)
        {
            if (_said is { } said && said.Version == version && now - said.At < repeat) return false;
            _said = (version, now);
            return true;
        }
    }
}
