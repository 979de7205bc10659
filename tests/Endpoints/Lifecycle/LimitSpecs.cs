using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Endpoints.Sizing;
using static Hypervize.Endpoints.Tests.An;
using static Hypervize.Endpoints.Tests.Scenario;

namespace Hypervize.Endpoints.Tests.Lifecycle;

/// <summary>The limits of an endpoint.</summary>
public sealed class LimitSpecs
{
    private static readonly EndpointLimits Limits = new(600, 32, new(20, 2));
    private static readonly Wish Plain = new(
        "chat", "org/model", null, null, null, false, [], new(null, null, null, null, null), null, "simulator", new(0, 3, 300, 8), 60, EndpointAccess.Private, false);

    [Fact]
    public void Limits_are_set_and_nothing_else_changes()
    {
        var after = Given(Up("node-a")).When(To(Limits)).Then(new EndpointUpdated(Settings() with { Limits = Limits }, [], Owner, Noon));
        Assert.Equal((EndpointStatus.Up, 1), (after.Status, after.Wanted));
    }

    [Fact]
    public void The_same_limits_again_are_no_change() => Given(Limited(Limits)).When(To(new(600, 32, new(20, 2)))).ThenNothing();

    [Fact]
    public void New_limits_replace_all_of_the_old_ones() =>
        Given(Limited(Limits)).When(To(new(60))).Then(new EndpointUpdated(Settings() with { Limits = new(60) }, [], Owner, Noon));

    [Fact]
    public void Limits_are_taken_away_again() => Given(Limited(Limits)).When(To(null)).Then(new EndpointUpdated(Settings(), [], Owner, Noon));

    [Fact]
    public void A_change_of_something_else_leaves_them() =>
        Given(Limited(Limits)).When(To(Limits) with { Name = "other", Limits = null })
            .Then(new EndpointUpdated(Settings() with { Name = "other", Limits = Limits }, [], Owner, Noon));

    [Fact]
    public void A_wish_without_limits_is_the_same_wish_as_before_there_were_any()
    {
        Assert.DoesNotContain("Limits", JsonSerializer.Serialize(Plain));
        Assert.Equal("692ce9b555c8f539c8671bc05e7e9a3398a498911eae87288ad97014e7b5e580", Plain.Fingerprint());
    }

    [Fact]
    public void Other_limits_are_another_wish() => Assert.Equal(3, new[] { Plain, Plain with { Limits = Limits }, Plain with { Limits = new(600, 32) } }.DistinctBy(w => w.Fingerprint()).Count());

    private static Update To(EndpointLimits? limits) => new(null, null, null, null, null, null, null, null, Owner, new(limits));

    private static EndpointCreated Limited(EndpointLimits limits) => Created() with { Settings = Settings() with { Limits = limits } };
}
