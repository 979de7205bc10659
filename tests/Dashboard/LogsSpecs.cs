using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints;
using Hypervize.Dashboard.Endpoints.Logs;

namespace Hypervize.Dashboard.Tests;

/// <summary>The output of an endpoint's nodes: what stands around it, and what its script is told.</summary>
public sealed class LogsSpecs : PageContext
{
    private readonly BunitJSModuleInterop _script;

    public LogsSpecs()
    {
        _script = JSInterop.SetupModule("./js/logs.js");
        _script.Mode = JSRuntimeMode.Loose;
        Platform.Has(Some.Endpoint);
        Platform.Answer("GET v1/hardware", new HardwareList([], [new("telemetry", 0.15m)]));
    }

    [Fact]
    public void The_script_is_given_the_endpoint()
    {
        Shown(Some.Endpoint);
        Assert.Equal(Some.EndpointId, Assert.Single(_script.Invocations["open"]).Arguments[2]);
    }

    [Theory]
    [InlineData(EndpointStatus.Building, "being started")]
    [InlineData(EndpointStatus.Waking, "waking up")]
    [InlineData(EndpointStatus.Hibernated, "sleeps")]
    [InlineData(EndpointStatus.Up, "printed nothing yet")]
    [InlineData(EndpointStatus.Failed, "last lines")]
    [InlineData(EndpointStatus.Disabled, "switched off")]
    public void While_there_is_nothing_it_is_said_why(EndpointStatus status, string why) => Assert.Contains(why, Shown(Some.Endpoint with { Status = status }).Find(".nothing").TextContent);

    [Fact]
    public void Lines_are_a_region_that_keys_reach_and_that_is_not_read_out()
    {
        var list = Shown(Some.Endpoint).Find("[data-part=list]");
        Assert.Equal(("log", "off", "0"), (list.GetAttribute("role"), list.GetAttribute("aria-live"), list.GetAttribute("tabindex")));
        Assert.NotEmpty(list.GetAttribute("aria-label")!);
    }

    [Fact]
    public void Every_control_has_a_name()
    {
        var tab = Shown(Some.Endpoint);
        Assert.All(tab.FindAll("input, select"), f => Assert.NotEmpty(f.GetAttribute("aria-label")!));
        Assert.All(tab.FindAll("button"), b => Assert.NotEmpty(b.TextContent.Trim()));
    }

    [Fact]
    public void Without_telemetry_there_is_an_offer_and_no_stream()
    {
        var tab = Shown(Some.Endpoint with { Telemetry = false });
        Assert.Single(tab.FindComponents<TelemetryOffer>());
        Assert.Empty(_script.Invocations);
    }

    [Fact]
    public async Task A_switch_of_telemetry_begins_and_ends_the_stream()
    {
        var tab = Shown(Some.Endpoint with { Telemetry = false });
        tab.Render(p => p.Add(t => t.It, Some.Endpoint));
        var opened = Assert.Single(_script.Invocations["open"]);
        tab.Render(p => p.Add(t => t.It, Some.Endpoint with { Telemetry = false }));
        await HoldsAsync(() => Assert.Equal(opened.Arguments[0], Assert.Single(_script.Invocations["close"]).Arguments[0]));
    }

    private IRenderedComponent<LogsTab> Shown(EndpointResource it) => Show<LogsTab>(p => p.Add(t => t.It, it));
}
