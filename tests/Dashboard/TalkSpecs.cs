using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Playground;

namespace Hypervize.Dashboard.Tests;

/// <summary>What is said of an endpoint before one talks to it.</summary>
public sealed class TalkSpecs
{
    [Fact]
    public void The_usual_wake_is_the_median_of_the_last_five()
    {
        var events = new[] { 100, 9, 3, 12, 5, 7 }.SelectMany((seconds, n) => Wake(n, seconds));
        Assert.Equal(TimeSpan.FromSeconds(7), UsualWake.Of(events));
    }

    [Fact]
    public void Only_the_first_node_ends_a_wake() =>
        Assert.Equal(TimeSpan.FromSeconds(4), UsualWake.Of([.. Wake(0, 4), Entry("node_ready", 60), Entry("endpoint_scaled", 61), Entry("node_ready", 80)]));

    [Fact]
    public void A_wake_that_failed_says_nothing_of_how_long_one_takes() =>
        Assert.Null(UsualWake.Of([Entry("endpoint_woken", 0), Entry("endpoint_failed", 90), Entry("endpoint_enabled", 200), Entry("node_ready", 300)]));

    [Fact]
    public void Without_a_wake_nobody_knows() => Assert.Null(UsualWake.Of([Entry("endpoint_created", 0), Entry("node_ready", 5)]));

    [Theory]
    [InlineData(EndpointStatus.Building, "being built")]
    [InlineData(EndpointStatus.Failed, "The runtime ended.")]
    [InlineData(EndpointStatus.Disabled, "switched off")]
    [InlineData(EndpointStatus.Deleted, "deleted")]
    [InlineData(EndpointStatus.Up, null)]
    [InlineData(EndpointStatus.Hibernated, null)]
    [InlineData(EndpointStatus.Waking, null)]
    public void Whoever_can_t_call_is_told_why(EndpointStatus status, string? why)
    {
        foreach (var access in Enum.GetValues<EndpointAccess>())
        {
            var refusal = Talk.Of(Some.Endpoint with { Status = status, Access = access, Failure = new(FailureCode.StartExited, "The runtime ended.", null) }, null, null).Refusal;
            if (why is null) Assert.Null(refusal);
            else Assert.Contains(why, refusal);
        }
    }

    [Fact]
    public void A_cap_that_is_reached_is_said_before_a_message_is_refused_for_it() =>
        Assert.Contains("$250.00", Talk.Of(Some.Endpoint, new(Some.AccountId, "USD", 250, "2026-11", 250.01m, true), null).Refusal);

    [Fact]
    public void A_wake_is_announced_with_the_time_that_it_takes()
    {
        var asleep = Some.Endpoint with { Status = EndpointStatus.Hibernated };
        Assert.Contains("about 13 s", Talk.Hint(asleep, TimeSpan.FromSeconds(12.6)));
        Assert.Contains("about 1 s", Talk.Hint(asleep, TimeSpan.FromMilliseconds(90)));
        Assert.Contains("usually under a minute", Talk.Hint(asleep, null));
        Assert.Null(Talk.Hint(Some.Endpoint, TimeSpan.FromSeconds(12)));
    }

    [Fact]
    public void Conversations_belong_to_a_key_that_can_t_be_told_from_their_mark()
    {
        var mark = ConversationOwner.Of(Some.Session);
        Assert.Equal(mark, ConversationOwner.Of(Some.Session with { Id = "session-2" }));
        Assert.NotEqual(mark, ConversationOwner.Of(Some.Session with { Key = "hvz_live_AnotherAnotherAnotherAnotherAnotherAnot" }));
        Assert.Matches("^[0-9a-f]{16}$", mark);
    }

    private static IEnumerable<TimelineEntry> Wake(int hour, int seconds) =>
        [Entry("endpoint_woken", 3600 * hour), Entry("endpoint_provisioning", (3600 * hour) + 1), Entry("node_ready", (3600 * hour) + seconds)];

    private static TimelineEntry Entry(string type, int seconds) => new(1, Some.Now.AddSeconds(seconds), type, "", new { });
}
