using CsCheck;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Provisioner.Capacity;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>What holds whatever happens, and wherever the provisioner is killed.</summary>
public sealed class CapacityProperties
{
    private enum Happening { Ask, Release, Look, LookKilled, LookOfAnother, PlanForLater, DoOldPlan, BecomeHealthy, Die, Wait }

    private static readonly Gen<(Happening What, int Number)[]> Histories =
        Gen.Select(Gen.Enum<Happening>(), Gen.Int[0, 5]).Array[1, 60];

    [Fact]
    public void One_intent_never_has_two_resources_and_no_more_is_intended_than_wanted() => Histories.Sample(history =>
    {
        var world = new World();
        foreach (var (what, number) in history) world.Happen((int)what, number);
        return world.Resources.GroupBy(r => r.NodeId).All(r => r.Count() == 1);
    }, iter: 3000);

    [Fact]
    public void In_the_end_there_is_what_is_wanted_and_nothing_else() => Histories.Sample(history =>
    {
        var world = new World();
        foreach (var (what, number) in history) world.Happen((int)what, number);
        world.Settle();
        return world.State is not { } state
            ? world.Alive.Count == 0
            : world.Alive.Count == state.Wanted && state.Nodes.Count == state.Wanted && state.Nodes.All(n => n.Phase == NodePhase.Ready);
    }, iter: 3000);

    [Fact]
    public void A_decision_repeated_says_nothing() => Histories.Sample(history =>
    {
        var world = new World { AskTwice = true };
        foreach (var (what, number) in history) world.Happen((int)what, number);
        return true;
    }, iter: 1000);

    /// <summary>A stream, what runs, and a clock. Everything the provisioner remembers can be taken from it at any line.</summary>
    private sealed class World
    {
        private int _ids;
        private int _version;
        private DateTimeOffset _now = Noon;
        private List<NodeRelease> _released = [];
        private (IReadOnlyList<CapacityAction> Plan, CapacityState? State) _old = ([], null);

        public CapacityState? State { get; private set; }

        public List<NodeObservation> Resources { get; } = [];

        public bool AskTwice { get; init; }

        public IReadOnlyList<NodeObservation> Alive => [.. Resources.Where(r => r.IsAlive)];

        public void Happen(int what, int number)
        {
            _now = _now.AddSeconds(0.3);
            switch ((Happening)what)
            {
                case Happening.Ask:
                    Decide(s => CapacityDecider.Ask(s, Ask(number % 4, ++_version, [.. _released]), _now));
                    ReleaseSurplus();
                    break;
                case Happening.Release when State?.Nodes.Where(n => n.Release is null).ElementAtOrDefault(number) is { } node:
                    _released.Add(new(node.Id, ++_version, _now));
                    Decide(s => CapacityDecider.Ask(s, Ask(s!.Wanted, _version, [.. _released]), _now));
                    break;
                case Happening.Look:
                    Do(Plan(), State);
                    break;
                case Happening.LookKilled:
                    Do(Plan().Take(number), State);
                    Forget();
                    break;
                case Happening.LookOfAnother:
                    // Another replica decided on what it read; then this one did everything it wanted to; then the other goes on.
                    var (plan, state) = (Plan(), State);
                    Do(Plan(), State);
                    Do(plan, state);
                    break;
                case Happening.PlanForLater:
                    _old = (Plan(), State);
                    break;
                case Happening.DoOldPlan:
                    // A replica that was frozen for a while goes on with what it meant to do.
                    Do(_old.Plan, _old.State);
                    break;
                case Happening.BecomeHealthy when number < Alive.Count:
                    Change(Alive[number].NodeId, r => r with { ReadyAt = r.ReadyAt ?? _now, LastHealthyAt = _now });
                    break;
                case Happening.Die when number < Alive.Count:
                    Change(Alive[number].NodeId, r => r with { GoneAt = _now });
                    break;
                case Happening.Wait:
                    _now = _now.AddSeconds(number * 10);
                    break;
            }
        }

        /// <summary>Nothing more happens but looking; healthy runtimes and an endpoints service that releases what it does not want.</summary>
        public void Settle()
        {
            Forget();
            for (var round = 0; round < 60; round++)
            {
                _now = _now.AddSeconds(31);
                foreach (var r in Alive) Change(r.NodeId, s => s with { ReadyAt = s.ReadyAt ?? _now, LastHealthyAt = _now, Requests = 0, RequestsAt = _now });
                ReleaseSurplus();
                Do(Plan(), State);
            }
        }

        // The endpoint chooses who goes when there are more than it wants.
        private void ReleaseSurplus()
        {
            if (State is null) return;
            var surplus = State.Nodes.Where(n => n.Counts).Reverse().Take(Math.Max(0, State.Nodes.Count(n => n.Counts) - State.Wanted)).ToList();
            if (surplus.Count == 0) return;
            _version++;
            _released = [.. _released, .. surplus.Select(n => new NodeRelease(n.Id, _version, _now))];
            Decide(s => CapacityDecider.Ask(s, Ask(s!.Wanted, _version, [.. _released]), _now));
        }

        private IReadOnlyList<CapacityAction> Plan() =>
            NextAction.For(Endpoint, State, Resources.ToDictionary(r => r.NodeId), ProxyView.Deaf.Listening(Noon), Some.Patience, _now).Actions;

        private void Do(IEnumerable<CapacityAction> plan, CapacityState? read)
        {
            foreach (var action in plan) Do(action, read);
        }

        private void Do(CapacityAction action, CapacityState? read)
        {
            switch (action)
            {
                case RequestNode:
                    var id = $"node-{++_ids}";
                    Decide(s => CapacityDecider.Request(s, id, _now));
                    Assert.True(State!.Nodes.Count(n => n.Counts) <= Math.Max(State.Wanted, read!.Nodes.Count(n => n.Counts)), "More is intended than wanted.");
                    break;
                case SpawnNode spawn:
                    if (Resources.All(r => r.NodeId != spawn.Node.Id)) Resources.Add(new(spawn.Node.Id, "http://127.0.0.1:1", _now, _now.AddSeconds(120)));
                    break;
                case RecordStart(var seen):
                    Decide(s => CapacityDecider.Started(s, seen.NodeId, seen.Address, seen.SpawnedAt));
                    break;
                case RecordReady(var seen):
                    Decide(s => CapacityDecider.BecameReady(s, new(seen.NodeId, seen.Address, seen.SpawnedAt, null, seen.ReadyAt!.Value)));
                    break;
                case RecordFailure failed:
                    Decide(s => CapacityDecider.Failed(s, failed.NodeId, Crash, failed.LastHealthyAt, _now));
                    break;
                case BeginEnd(var nodeId, var reason):
                    Decide(s => CapacityDecider.End(s, nodeId, reason, _now));
                    break;
                case Terminate(var nodeId):
                    Change(nodeId, r => r with { TerminatedAt = _now, GoneAt = r.GoneAt ?? _now });
                    break;
                case Kill(var nodeId):
                    Assert.Null(State?.Node(nodeId)); // Here, who is asked to end ends.
                    Change(nodeId, r => r with { GoneAt = r.GoneAt ?? _now });
                    break;
                case RecordEnd(var nodeId, var at):
                    Decide(s => CapacityDecider.Ended(s, nodeId, at ?? _now));
                    break;
                default:
                    throw new InvalidOperationException($"{action}");
            }
        }

        // A new run sees what was noted of processes, and does not know whom an earlier run asked to end.
        private void Forget()
        {
            foreach (var r in Resources.ToArray()) Change(r.NodeId, s => s with { TerminatedAt = null, Unanswered = 0, UnansweredSince = null, Requests = null, RequestsAt = null });
        }

        private void Change(string nodeId, Func<NodeObservation, NodeObservation> change)
        {
            var at = Resources.FindIndex(r => r.NodeId == nodeId);
            if (at >= 0) Resources[at] = change(Resources[at]);
        }

        private void Decide(Func<CapacityState?, Decision<CapacityEvent>> decide)
        {
            var before = State;
            var decision = decide(before);
            Assert.Null(decision.Refusal);
            State = CapacityState.Fold.From(before, _version, decision.Events);
            if (AskTwice && decision.Events is not [] and not [NodeRequested]) Assert.Empty(decide(State).Events);
        }
    }
}
