using CsCheck;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Proxy.Tests;

public sealed class ReadModelSpecs
{
    [Fact]
    public void The_newest_version_wins_in_whatever_order_they_come()
    {
        var old = Some.Changed(Some.Endpoint("e"), version: 1, position: 10);
        var recent = Some.Changed(Some.Endpoint("e", EndpointStatus.Hibernated), version: 2, position: 11);
        Assert.Equal(EndpointStatus.Hibernated, ReadModel.Empty.Apply(recent).Apply(old).Endpoints["e"].State.Status);
    }

    [Fact]
    public void What_a_snapshot_does_not_list_is_gone_if_it_was_last_heard_of_before()
    {
        var model = ReadModel.Empty.Apply(Some.Changed(Some.Endpoint("e", EndpointStatus.Up, Some.Node("n")), 1, position: 10)).Apply(new RoutingSnapshot(10, [], []), Some.Noon);
        Assert.Equal(EndpointStatus.Deleted, model.Endpoints["e"].State.Status);
        Assert.Empty(model.Endpoints["e"].State.Nodes);
    }

    [Fact]
    public void What_a_snapshot_does_not_list_stays_if_it_was_heard_of_later()
    {
        var model = ReadModel.Empty.Apply(Some.Changed(Some.Endpoint("e"), 1, position: 11)).Apply(new RoutingSnapshot(10, [], []), Some.Noon);
        Assert.Equal(EndpointStatus.Up, model.Endpoints["e"].State.Status);
    }

    [Fact]
    public void A_message_from_before_the_snapshot_does_not_bring_back_what_it_no_longer_lists()
    {
        var model = ReadModel.Empty.Apply(new RoutingSnapshot(10, [], []), Some.Noon).Apply(Some.Changed(Some.Endpoint("e"), 1, position: 10));
        Assert.Empty(model.Endpoints);
    }

    [Fact]
    public void A_deleted_endpoint_is_remembered_for_an_hour()
    {
        var deleted = ReadModel.Empty.Apply(Some.Changed(Some.Endpoint("e", EndpointStatus.Deleted), 2, position: 10));
        var empty = new RoutingSnapshot(11, [], []);
        Assert.Contains("e", deleted.Apply(empty, Some.Noon.AddMinutes(59)).Endpoints);
        Assert.DoesNotContain("e", deleted.Apply(empty, Some.Noon.AddMinutes(60)).Endpoints);
    }

    [Fact]
    public void A_log_that_went_back_is_another_log_and_counts_alone()
    {
        var model = ReadModel.Empty
            .Apply(new RoutingSnapshot(1000, [new(7, Some.Endpoint("old")), new(7, Some.Endpoint("both"))], [new(3, Some.Account("acct-old"))]), Some.Noon)
            .Apply(new RoutingSnapshot(5, [new(2, Some.Endpoint("both", EndpointStatus.Hibernated))], []), Some.Noon);
        Assert.Equal(EndpointStatus.Deleted, model.Endpoints["old"].State.Status);
        Assert.Equal((2, EndpointStatus.Hibernated), (model.Endpoints["both"].Version, model.Endpoints["both"].State.Status));
        Assert.Empty(model.Accounts);
    }

    [Fact]
    public void Whatever_is_lost_doubled_or_late_the_model_comes_to_the_truth_and_no_deleted_endpoint_comes_back() =>
        Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 999]).Array[0, 80].Sample(steps =>
        {
            var world = new World();
            foreach (var (step, dice) in steps) world.Do(step, dice);
            world.Settle(steps.Length);
            return world.IsTruth;
        }, iter: 3000);

    private enum Step { Commit, Delete, Deliver, ReadSnapshot, TakeSnapshot, LetTimePass }

    /// <summary>A log, the snapshots its owner gives, and a proxy that hears of it by fits and starts.</summary>
    private sealed class World
    {
        private const int Endpoints = 4;
        private readonly List<EndpointChanged> _log = [];
        private readonly Dictionary<string, EndpointChanged> _newest = [];
        private readonly HashSet<string> _seenDeleted = [];
        private ReadModel _model = ReadModel.Empty;
        private RoutingSnapshot? _onItsWay;
        private long _safe;
        private DateTimeOffset _now = Some.Noon;

        public bool IsTruth =>
            Live().SequenceEqual(_newest.Values.Where(e => e.State.Status != EndpointStatus.Deleted).Select(e => (e.EndpointId, e.Version)).Order());

        public void Do(Step step, int dice)
        {
            switch (step)
            {
                case Step.Commit: Commit($"e{dice % Endpoints}", delete: false); break;
                case Step.Delete: Commit($"e{dice % Endpoints}", delete: dice % 3 == 0); break;
                case Step.Deliver: if (_log.Count > 0) _model = _model.Apply(_log[dice % _log.Count]); break;
                case Step.ReadSnapshot: Read(lag: dice % 4); break;
                case Step.TakeSnapshot: Take(); break;
                case Step.LetTimePass: LetPass(TimeSpan.FromMinutes(dice % 90)); break;
            }
            foreach (var (id, heard) in _model.Endpoints)
            {
                if (heard.State.Status == EndpointStatus.Deleted) _seenDeleted.Add(id);
                else Assert.DoesNotContain(id, _seenDeleted);
            }
        }

        /// <summary>The queue is bound, then a snapshot taken; all that is not certainly in it arrives, some twice, newest first.</summary>
        public void Settle(int dice)
        {
            Take();
            Read(lag: dice % 4);
            var position = _onItsWay!.Position;
            for (var i = 0; i < dice % 5; i++) Do(Step.Delete, dice + i);
            if (dice % 2 == 0) Take();
            foreach (var message in _log.Where(m => m.Position > position).Reverse().ToArray()) Do(Step.Deliver, (int)message.Position - 1);
            Take();
            for (var i = 0; i < _log.Count; i += 2) Do(Step.Deliver, i);
        }

        private void Commit(string id, bool delete)
        {
            var before = _newest.GetValueOrDefault(id);
            // A deleted endpoint still hears of its nodes' ends, and stays deleted.
            var status = delete || before?.State.Status == EndpointStatus.Deleted ? EndpointStatus.Deleted : EndpointStatus.Up;
            _log.Add(_newest[id] = Some.Changed(Some.Endpoint(id, status) with { StatusSince = _now }, (before?.Version ?? 0) + 1, _log.Count + 1));
        }

        // No snapshot is on its way for minutes, and no transaction open.
        private void LetPass(TimeSpan time)
        {
            Take();
            _safe = _log.Count;
            _now += time;
        }

        // One snapshot at a time. It may hold more than it can vouch for: earlier positions may not have been committed yet.
        private void Read(int lag)
        {
            if (_onItsWay is not null) return;
            _safe = Math.Max(_safe, _log.Count - lag);
            _onItsWay = new(_safe, [.. _newest.Values.Where(e => e.State.Status != EndpointStatus.Deleted).Select(e => new VersionedEndpoint(e.Version, e.State))], []);
        }

        private void Take()
        {
            if (_onItsWay is not null) _model = _model.Apply(_onItsWay, _now);
            _onItsWay = null;
        }

        private IEnumerable<(string, long)> Live() =>
            _model.Endpoints.Where(e => e.Value.State.Status != EndpointStatus.Deleted).Select(e => (e.Key, e.Value.Version)).Order();
    }
}
