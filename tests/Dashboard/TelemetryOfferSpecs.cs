using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints;

namespace Hypervize.Dashboard.Tests;

/// <summary>The offer to switch telemetry on.</summary>
public sealed class TelemetryOfferSpecs : PageContext
{
    private const string Patch = $"PATCH v1/endpoints/{Some.EndpointId}";

    public TelemetryOfferSpecs()
    {
        Platform.Has(Some.Endpoint with { Telemetry = false });
        Platform.Answer("GET v1/hardware", new HardwareList([], [new("custom_domain", 0.05m), new("telemetry", 0.15m)]));
    }

    [Fact]
    public void Its_price_is_said()
    {
        var offer = Shown();
        offer.WaitForAssertion(() => Assert.Contains("$0.15 per hour", offer.Markup));
    }

    [Fact]
    public void A_price_that_is_not_known_is_not_made_up()
    {
        Platform.Refuse("GET v1/hardware", 503, "platform_unavailable", "Away.");
        Assert.Contains("– per hour", Shown().Markup);
    }

    [Fact]
    public async Task A_click_switches_it_on()
    {
        Platform.Answer(Patch, Some.Endpoint);
        var offer = Shown();
        await offer.InvokeAsync(() => offer.Find("button").Click());
        offer.WaitForAssertion(() => Assert.Contains("Telemetry is on", offer.Markup));
        Assert.True((bool)Assert.Single(Platform.Asked, a => a.Call == Patch).Body!["telemetry"]!);
    }

    [Fact]
    public async Task A_refusal_is_shown_and_can_be_tried_again()
    {
        Platform.Refuse(Patch, 409, "endpoint_deleted", "It was deleted meanwhile.");
        var offer = Shown();
        await offer.InvokeAsync(() => offer.Find("button").Click());
        offer.WaitForAssertion(() => Assert.Contains("It was deleted meanwhile.", offer.Find("[role=alert]").TextContent));
        Assert.False(offer.Find("button").HasAttribute("disabled"));
    }

    private IRenderedComponent<TelemetryOffer> Shown() => Show<TelemetryOffer>(p => p.Add(o => o.It, Some.Endpoint with { Telemetry = false }));
}
