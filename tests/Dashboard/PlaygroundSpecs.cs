using System.Text.Json;
using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Playground;

namespace Hypervize.Dashboard.Tests;

/// <summary>Talking to an endpoint: what stands around the conversation, and what its script is told.</summary>
public sealed class PlaygroundSpecs : PageContext
{
    private const string Events = $"GET v1/endpoints/{Some.EndpointId}/events";
    private readonly BunitJSModuleInterop _script;

    public PlaygroundSpecs()
    {
        _script = JSInterop.SetupModule("./js/playground.js");
        _script.Mode = JSRuntimeMode.Loose;
        Platform.Has(Some.Endpoint);
        Platform.Answer(Events, new TimelinePage([], null));
    }

    [Fact]
    public void An_endpoint_that_serves_can_be_talked_to()
    {
        var tab = Shown(Some.Endpoint);
        Assert.False(tab.Find("fieldset").HasAttribute("disabled"));
        Assert.Empty(tab.Find(".reason").TextContent);
    }

    [Theory]
    [InlineData(EndpointStatus.Building, "being built")]
    [InlineData(EndpointStatus.Failed, "Out of memory.")]
    [InlineData(EndpointStatus.Disabled, "switched off")]
    public void One_that_can_t_be_called_says_why_before_one_writes(EndpointStatus status, string why)
    {
        var tab = Shown(Some.Endpoint with { Status = status, Failure = new(FailureCode.StartExited, "Out of memory.", null) });
        Assert.True(tab.Find("fieldset").HasAttribute("disabled"));
        Assert.Contains(why, tab.Find(".reason").TextContent);
    }

    [Fact]
    public void One_that_sleeps_says_that_a_message_wakes_it_and_how_long_that_takes()
    {
        Platform.Answer(Events, new TimelinePage([new(2, Some.Now, "endpoint_woken", "", new { }), new(3, Some.Now.AddSeconds(12), "node_ready", "", new { })], null));
        var tab = Shown(Some.Endpoint with { Status = EndpointStatus.Hibernated });
        tab.WaitForAssertion(() => Assert.Contains("about 12 s", tab.Find("#chat-help").TextContent));
        Assert.False(tab.Find("fieldset").HasAttribute("disabled"));
        tab.WaitForAssertion(() => Assert.Equal(12_000, Told().GetProperty("usualMs").GetDouble()));
    }

    [Fact]
    public void The_newest_events_are_asked_for_wakes()
    {
        Shown(Some.Endpoint with { Version = 1234 });
        Assert.Contains(Platform.Asked, a => a.Call == $"{Events}?after=1034&limit=200");
    }

    [Fact]
    public void The_script_knows_the_endpoint_and_no_key()
    {
        Shown(Some.Endpoint);
        var opened = Assert.Single(_script.Invocations["open"]);
        var whom = Json(opened.Arguments[2]);
        Assert.Equal(Some.EndpointId, whom.GetProperty("id").GetString());
        Assert.Equal(8192, whom.GetProperty("context").GetInt32());
        Assert.DoesNotContain(_script.Invocations.SelectMany(i => i.Arguments), a => JsonSerializer.Serialize(a).Contains(Some.Key, StringComparison.Ordinal));
    }

    [Fact]
    public void The_script_is_told_of_a_wake_as_it_goes_on()
    {
        var tab = Shown(Some.Endpoint with { Status = EndpointStatus.Hibernated });
        tab.Render(p => p.Add(t => t.It, Some.Endpoint with { Status = EndpointStatus.Waking, StatusSince = Some.Now.AddSeconds(-3) }));
        tab.WaitForAssertion(() => Assert.Equal("waking", Told().GetProperty("status").GetString()));
        Assert.Equal(3000d, _script.Invocations["show"][^1].Arguments[2]);

        Platform.Answer(Events, new TimelinePage([new(2, Some.Now, "endpoint_woken", "", new { }), new(3, Some.Now.AddSeconds(4), "node_ready", "", new { })], null));
        tab.Render(p => p.Add(t => t.It, Some.Endpoint));
        tab.WaitForAssertion(() => Assert.Equal(("up", 4000d), (Told().GetProperty("status").GetString(), Told().GetProperty("usualMs").GetDouble())));
    }

    [Fact]
    public void What_does_not_change_is_not_told_again()
    {
        var tab = Shown(Some.Endpoint);
        tab.Render(p => p.Add(t => t.It, Some.Endpoint with { Version = 5, Name = "other" }));
        Assert.Empty(_script.Invocations["show"]);
    }

    [Fact]
    public async Task The_script_lets_go_with_the_page()
    {
        Shown(Some.Endpoint);
        var handle = _script.Invocations["open"][0].Arguments[0];
        await DisposeComponentsAsync();
        Assert.Equal(handle, Assert.Single(_script.Invocations["close"]).Arguments[0]);
    }

    [Fact]
    public void Every_field_has_a_name()
    {
        var tab = Shown(Some.Endpoint);
        Assert.All(tab.FindAll("input, textarea"), f => Assert.True(f.Closest("label") is not null || tab.FindAll($"label[for='{f.Id}']").Count == 1, f.OuterHtml));
    }

    private IRenderedComponent<PlaygroundTab> Shown(EndpointResource it)
    {
        var tab = Show<PlaygroundTab>(p => p.Add(t => t.It, it));
        tab.WaitForAssertion(() => Assert.Contains(Platform.Asked, a => a.Call.StartsWith(Events, StringComparison.Ordinal)));
        return tab;
    }

    // What the script was told last of how the endpoint is.
    private JsonElement Told() => Json(_script.Invocations["show"] is [.., var shown] ? shown.Arguments[1] : _script.Invocations["open"][0].Arguments[3]);

    private static JsonElement Json(object? value) => JsonSerializer.SerializeToElement(value, JsonSerializerOptions.Web);
}
