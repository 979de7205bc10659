using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using static Hypervize.Endpoints.Tests.An;
using static Hypervize.Endpoints.Tests.Scenario;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>Creating, switching off and on, deleting.</summary>
public sealed class LifeSpecs
{
    private static readonly Create Wish = new("acct-0123456789ab", Settings(), null, Owner);

    [Fact]
    public void A_new_endpoint_builds_its_first_node()
    {
        var after = Given().When(Wish).Then(new EndpointCreated(Id, "acct-0123456789ab", Settings(), 1, Owner, Noon));
        Assert.Equal((EndpointStatus.Building, 1, 1L), (after.Status, after.Wanted, after.DecisiveVersion));
    }

    [Fact]
    public void A_new_endpoint_with_a_minimum_builds_all_of_it() =>
        Given().When(Wish with { Settings = Settings(min: 3) }).Then(new EndpointCreated(Id, "acct-0123456789ab", Settings(min: 3), 3, Owner, Noon));

    [Fact]
    public void The_same_wish_again_is_no_second_endpoint() => Given(Up("node-a")).When(Wish).ThenNothing();

    [Fact]
    public void The_same_wish_is_the_same_though_the_settings_were_changed_since() =>
        Given(Created(), new EndpointUpdated(Settings(max: 2), [], Owner, Morning)).When(Wish).ThenNothing();

    [Fact]
    public void Another_wish_under_the_same_id_is_refused() =>
        Given(Created()).When(Wish with { Settings = Settings(max: 2) }).ThenRefused(RefusalKind.Invalid, "idempotency_key_reused");

    [Fact]
    public void A_planned_wish_is_the_same_as_long_as_what_was_asked_is()
    {
        var planned = Wish with { Plan = Plan() };
        var dearerNow = planned with { Settings = Settings() with { Hardware = "g6.xlarge" }, Plan = Plan() with { PricePerHour = null, Revision = "newer" } };
        Given(Created() with { Plan = Plan() }).When(dearerNow).ThenNothing();
        Given(Created() with { Plan = Plan() }).When(planned with { Plan = Plan() with { Asked = "else" } }).ThenRefused(RefusalKind.Invalid, "idempotency_key_reused");
    }

    [Fact]
    public void A_quoted_price_holds_whatever_the_catalogue_says_since()
    {
        var quoted = Created(telemetry: true) with { Plan = Plan() };
        Given(quoted, Starting("node-a")).When(new RecordFact(BecameReady("node-a"))).Then(
            new NodeReady("node-a", "http://node-a", Hardware, 0.5m, [new("telemetry", 0.05m)], Noon.AddSeconds(-5), Noon.AddSeconds(-1), Noon));
    }

    private static EndpointPlan Plan() => new("abc", "quote-0123456789ab", "rev", 8192, null, 0.5m, 0.05m);

    [Fact]
    public void Another_accounts_wish_under_the_same_id_is_refused() =>
        Given(Created()).When(Wish with { AccountId = "acct-ffffffffffff" }).ThenRefused(RefusalKind.Invalid, "idempotency_key_reused");

    [Fact]
    public void Switching_off_drains_every_node() =>
        Given(Up("node-a", "node-b")).When(new Disable(Owner)).Then(new EndpointDisabled(Owner, Noon), Leaving("node-a", "disabled"), Leaving("node-b", "disabled"));

    [Fact]
    public void It_is_switched_off_from_every_status()
    {
        foreach (var past in (IReadOnlyList<EndpointEvent>[])[[Created()], Hibernated(), [.. Hibernated(), An.Woken()], [Created(), An.Failed()]])
            Given(past).When(new Disable(Owner)).Then(new EndpointDisabled(Owner, Noon));
    }

    [Fact]
    public void It_is_switched_off_once() => Given(Created(), Disabled()).When(new Disable(Owner)).ThenNothing();

    [Fact]
    public void Enabling_leads_out_of_disabled_and_of_failed()
    {
        Given(Created(), Disabled()).When(new Enable(Owner)).Then(new EndpointEnabled(1, Owner, Noon));
        var after = Given(Created(), An.Failed()).When(new Enable(Owner)).Then(new EndpointEnabled(1, Owner, Noon));
        Assert.Equal((EndpointStatus.Building, null), (after.Status, after.Failure));
    }

    [Fact]
    public void What_is_on_need_not_be_enabled()
    {
        Given(Created()).When(new Enable(Owner)).ThenNothing();
        Given(Up("node-a")).When(new Enable(Owner)).ThenNothing();
        Given(Hibernated()).When(new Enable(Owner)).ThenNothing();
    }

    [Fact]
    public void Deleting_drains_every_node_and_keeps_it_until_it_has_ended()
    {
        var after = Given(Up("node-a")).When(new Delete(Owner)).Then(new EndpointDeleted(Owner, Noon), Leaving("node-a", "deleted"));
        Assert.Equal((EndpointStatus.Deleted, 0), (after.Status, after.Wanted));
        Assert.Single(after.Nodes);
    }

    [Fact]
    public void It_is_deleted_once() => Given(Created(), Deleted()).When(new Delete(Owner)).ThenNothing();

    [Fact]
    public void Nothing_can_be_asked_of_a_deleted_one()
    {
        foreach (var command in (EndpointCommand[])[new Wake("a", "b", null), new Hibernate("a", "b", null), new Scale(2, [], "a", "b", 99), new Disable("b"), new Enable("b"),
            new Update("new", null, null, null, null, null, null, null, "b")])
            Given(Created(), Deleted()).When(command).ThenRefused(RefusalKind.Gone, "endpoint_deleted");
    }

    [Fact]
    public void Nothing_can_be_asked_of_one_that_never_was() => Given().When(new Disable(Owner)).ThenRefused(RefusalKind.NotFound, "endpoint_not_found");

    [Fact]
    public void Status_and_wanted_count_remember_the_version_that_changed_them()
    {
        Assert.Equal(3, Given(Up("node-a")).State!.DecisiveVersion);
        Assert.Equal(3, Given([.. Up("node-a"), new EndpointUpdated(Settings(max: 2), [], Owner, Noon), Lost("node-a")]).State!.DecisiveVersion);
        Assert.Equal(4, Given([.. Up("node-a"), Scaled(1, 2)]).State!.DecisiveVersion);
        Assert.Equal(4, Given([.. Up("node-a"), Asleep(), Leaving("node-a")]).State!.DecisiveVersion);
    }

    [Fact]
    public void The_largest_state_is_small_enough_to_travel_with_every_fact()
    {
        var failure = Failure() with { Message = new('m', 300), Output = new('o', 4096) };
        var node = new EndpointNode("node-0123456789ab", NodeStatus.Draining, "http://10.100.100.100:20001", Noon.AddTicks(1), 123_456);
        var largest = Given(Created()).State! with
        {
            Settings = Settings() with { Name = new('n', 64), Model = new('m', 200), Limits = new(1_000_000, 100_000, new(1_000_000, 100_000)) },
            Nodes = [.. Enumerable.Repeat(node, 2 * Scaling.MostNodes)],
            Failure = failure, Degraded = failure, RecentWakesMs = [99_999, 99_999, 99_999, 99_999, 99_999],
        };
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(largest, Json.Options).Length, 1, 32 * 1024);
    }
}
