using System.Text.Json;
using CsCheck;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>What holds after any history: whatever is asked and reported, in whatever order.</summary>
public sealed class HistoryProperties
{
    private static readonly Dictionary<EndpointStatus, EndpointStatus[]> Legal = new()
    {
        [EndpointStatus.Building] = [EndpointStatus.Up, EndpointStatus.Failed, EndpointStatus.Disabled, EndpointStatus.Deleted],
        [EndpointStatus.Up] = [EndpointStatus.Hibernated, EndpointStatus.Failed, EndpointStatus.Disabled, EndpointStatus.Deleted],
        [EndpointStatus.Hibernated] = [EndpointStatus.Waking, EndpointStatus.Disabled, EndpointStatus.Deleted],
        [EndpointStatus.Waking] = [EndpointStatus.Up, EndpointStatus.Hibernated, EndpointStatus.Failed, EndpointStatus.Disabled, EndpointStatus.Deleted],
        [EndpointStatus.Failed] = [EndpointStatus.Building, EndpointStatus.Disabled, EndpointStatus.Deleted],
        [EndpointStatus.Disabled] = [EndpointStatus.Building, EndpointStatus.Deleted],
        [EndpointStatus.Deleted] = [],
    };

    [Fact]
    public void A_status_follows_only_one_that_leads_to_it() => Histories((before, _, after) =>
    {
        if (before.State is { } it && it.Status != after.State!.Status) Assert.Contains(after.State.Status, Legal[it.Status]);
    });

    [Fact]
    public void A_decision_repeated_says_nothing() => Histories((_, command, after) => Assert.Empty(after.When(command).Decision.Events));

    [Fact]
    public void The_wanted_number_keeps_to_the_bounds() => Histories((_, _, after) =>
    {
        var (least, most) = after.State!.Status.IsLive() ? (Math.Max(1, after.State.Settings.Scaling.Min), after.State.Settings.Scaling.Max) : (0, 0);
        Assert.InRange(after.State.Wanted, least, most);
    });

    [Fact]
    public void No_more_nodes_are_kept_than_are_wanted() => Histories((_, _, after) => Assert.InRange(Kept(after), 0, after.State!.Wanted));

    [Fact]
    public void Never_more_nodes_are_let_go_of_than_are_too_many() => Histories((before, _, after) =>
    {
        if (before.State is not { } it) return;
        var letGoOf = after.State!.Nodes.Count(n => n.Status == NodeStatus.Draining && it.Nodes.Any(b => b.Id == n.Id && b.Status != NodeStatus.Draining));
        Assert.InRange(letGoOf, 0, Math.Max(0, Kept(before) - after.State.Wanted));
    });

    [Fact]
    public void A_node_once_let_go_of_is_never_taken_back() => Histories((before, _, after) =>
    {
        var leaving = before.State?.Nodes.Where(n => n.Status == NodeStatus.Draining).Select(n => n.Id) ?? [];
        Assert.DoesNotContain(after.State!.Nodes, n => n.Status != NodeStatus.Draining && leaving.Contains(n.Id));
    });

    [Fact]
    public void The_decisive_version_is_that_of_the_last_change_of_status_or_wanted_number() => Histories((before, _, after) =>
    {
        var changed = before.State is not { } it || it.Status != after.State!.Status || it.Wanted != after.State.Wanted;
        Assert.Equal(changed, after.State!.DecisiveVersion > before.Version);
        Assert.InRange(after.State.DecisiveVersion, 1, after.Version);
    });

    [Fact]
    public void A_reported_fact_is_never_refused() => Histories((_, _, after) =>
    {
        foreach (var fact in (CapacityEvent[])[An.Requested("node-1"), An.BecameReady("node-1"), An.Fell("node-1", 3), An.Ended("node-1")])
            Assert.Null(after.When(fact).Decision.Refusal);
    });

    [Fact]
    public void An_old_automatic_decision_changes_nothing() => Histories((_, _, after) =>
    {
        var old = after.State!.DecisiveVersion - 1;
        foreach (var command in (EndpointCommand[])[new Wake("w", "proxy", old), new Hibernate("h", "autoscaler", old), new Scale(2, [], "s", "autoscaler", old)])
            Assert.Empty(after.When(command).Decision.Events);
    });

    [Fact]
    public void Every_event_and_every_state_survives_the_store() => Histories((before, command, after) =>
    {
        foreach (var e in before.When(command).Decision.Events)
            Assert.Equal(JsonSerializer.Serialize(e), JsonSerializer.Serialize((EndpointEvent)StoredForm.RoundTrip(e)));
        Assert.Equal(JsonSerializer.Serialize(after.State), JsonSerializer.Serialize((EndpointState)StoredForm.RoundTrip(after.State!)));
    });

    /// <summary>Checks something at every step of random histories.</summary>
    private static void Histories(Action<Scenario, EndpointCommand, Scenario> holds) => Gen.Select(Gen.Int[0, 2], Steps.Array[0, 60]).Sample((min, steps) =>
    {
        var scenario = Step(Scenario.Given(), new Create("acct-0123456789ab", An.Settings(min), null, An.Owner));
        foreach (var command in steps) scenario = Step(scenario, command(scenario));

        Scenario Step(Scenario before, EndpointCommand command)
        {
            var after = before.And(before.When(command).Decision.Events);
            holds(before, command, after);
            return after;
        }
    });

    private static Gen<string> Nodes => Gen.Int[1, 9].Select(n => $"node-{n}");

    // Automatic commands rest on what someone knew: the state now, or one some versions back.
    private static Gen<long> Behind => Gen.Frequency((3, Gen.Const(0L)), (1, Gen.Long[1, 6]));

    // Facts about nodes that were never asked for, twice, too late: the feed is in order, but who reports may be wrong.
    private static Gen<Func<Scenario, EndpointCommand>> Steps { get; } = Gen.Frequency(
        (4, Nodes.Select(n => Always(new RecordFact(An.Requested(n))))),
        (6, Nodes.Select(n => Always(new RecordFact(An.BecameReady(n))))),
        (2, Gen.Select(Nodes, Gen.Int[0, 4], (n, failures) => Always(new RecordFact(An.Fell(n, failures))))),
        (3, Nodes.Select(n => Always(new RecordFact(An.Ended(n))))),
        (3, Behind.Select(b => (Func<Scenario, EndpointCommand>)(s => new Wake("a request waits", "proxy-1", s.Version - b)))),
        (1, Gen.Const(Always(new Wake("asked for", An.Owner, null)))),
        (2, Behind.Select(b => (Func<Scenario, EndpointCommand>)(s => new Hibernate("idle", "autoscaler", s.Version - b)))),
        (1, Gen.Const(Always(new Hibernate("asked for", An.Owner, null)))),
        (4, Gen.Select(Gen.Int[-1, 6], Nodes.Array[0, 3], Behind, (wanted, victims, b) =>
            (Func<Scenario, EndpointCommand>)(s => new Scale(wanted, victims, "load", "autoscaler", s.Version - b)))),
        (2, Gen.Select(Gen.Int[0, 5], Gen.Int[1, 5], Gen.Bool, (min, max, telemetry) => Always(new Update(null, min, max, null, null, null, null, telemetry, An.Owner)))),
        (1, Gen.Int[0, 3].Select(n => Always(new Update(null, null, null, null, null, null, null, null, An.Owner, new(n == 0 ? null : new(n, null, new(null, n))))))),
        (1, Gen.Const(Always(new Disable(An.Owner)))),
        (2, Gen.Const(Always(new Enable(An.Owner)))),
        (1, Gen.Const(Always(new Create("acct-0123456789ab", An.Settings(), null, An.Owner)))),
        (1, Gen.Int[0, 19].Select(rarely => Always(rarely == 0 ? new Delete(An.Owner) : new Wake("asked for", An.Owner, null)))));

    private static Func<Scenario, EndpointCommand> Always(EndpointCommand command) => _ => command;

    private static int Kept(Scenario scenario) => scenario.State!.Nodes.Count(n => n.Status != NodeStatus.Draining);
}
