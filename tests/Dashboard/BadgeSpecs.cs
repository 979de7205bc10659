using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Tests;

/// <summary>The six words that users see.</summary>
public sealed class BadgeSpecs : PageContext
{
    [Theory]
    [InlineData(EndpointStatus.Building, "Provisioning", "building")]
    [InlineData(EndpointStatus.Up, "Online", "up")]
    [InlineData(EndpointStatus.Hibernated, "Sleeping", "hibernated")]
    [InlineData(EndpointStatus.Waking, "Waking up", "waking")]
    [InlineData(EndpointStatus.Failed, "Failed", "failed")]
    [InlineData(EndpointStatus.Disabled, "Disabled", "disabled")]
    public void A_badge_says_the_status_and_looks_like_it(EndpointStatus status, string words, string look)
    {
        var badge = Show<Badge>(p => p.Add(b => b.Status, status)).Find(".badge");
        Assert.Equal(words, badge.TextContent.Trim());
        Assert.Contains(look, badge.ClassList);
    }
}
