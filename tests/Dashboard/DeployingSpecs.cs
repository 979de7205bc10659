using System.Text.Json.Nodes;
using AngleSharp.Dom;
using Bunit;
using Hypervize.Dashboard.Deploy;

namespace Hypervize.Dashboard.Tests;

/// <summary>What the button does, once.</summary>
public sealed class DeployingSpecs : PageContext
{
    private const string Quotes = "POST v1/quotes", Create = "POST v1/endpoints";

    public DeployingSpecs()
    {
        DefaultWaitTimeout = TimeSpan.FromSeconds(30);
        Platform.Answer("GET v1/hardware", Quoted.List);
        Platform.Answer(Quotes, Quoted.Answer);
        Platform.Answer(Create, Some.Endpoint, 202);
    }

    [Fact]
    public async Task It_creates_by_the_quote_and_leads_to_the_endpoint()
    {
        var page = await FilledAsync();
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.EndsWith($"/inference/blocks/{Some.EndpointId}", Navigation.Uri));
        var body = Assert.Single(Calls(Create))!;
        Assert.Matches("^quote-[0-9a-f]{12}$", (string)body["quote"]!);
        Assert.Equal(("Llama-8B", null, null), ((string?)body["name"], body["model"], body["hardware"]));
        Assert.Single(Platform.IdempotencyKeys);
    }

    [Fact]
    public async Task A_double_click_deploys_once()
    {
        var held = new TaskCompletionSource();
        Platform.Before = (call, _) => call == Create ? held.Task : Task.CompletedTask;
        var page = await FilledAsync();
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.Equal("Deploying…", Button(page).TextContent));
        await ClickAsync(page);
        held.SetResult();
        page.WaitForAssertion(() => Assert.EndsWith(Some.EndpointId, Navigation.Uri));
        await ClickAsync(page);
        Assert.Single(Calls(Create));
    }

    [Fact]
    public async Task A_try_that_got_no_answer_is_repeated_with_the_same_key()
    {
        Platform.Refuse(Create, 503, "platform_unavailable", "The platform does not answer.");
        var page = await FilledAsync();
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.Contains("does not answer", page.Find(".notice.error").TextContent));
        Platform.Answer(Create, Some.Endpoint, 202);
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.EndsWith(Some.EndpointId, Navigation.Uri));
        Assert.True(JsonNode.DeepEquals(Calls(Create)[0], Calls(Create)[1]));
        Assert.Equal((2, 1), (Platform.IdempotencyKeys.Count, Platform.IdempotencyKeys.Distinct().Count()));
    }

    [Fact]
    public async Task What_the_API_says_of_fields_stands_beside_them()
    {
        Platform.Refuse(Create, 422, "invalid_request", "Some fields are wrong; errors lists them all.", ("scaling.max", "must be less than that"), ("holdSeconds", "must be less too"));
        var page = await FilledAsync();
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.Equal("Must be less than that.", page.Find("#scaling-max-help").TextContent.Trim()));
        Assert.Equal("Must be less too.", page.Find("#holdSeconds-help").TextContent.Trim());
        // It is behind a fold, which opens.
        Assert.True(page.Find("details.advanced").HasAttribute("open"));
        Assert.Empty(page.FindAll(".notice.error li"));
        await page.InvokeAsync(() => page.Find("#scaling-max").Input("2"));
        Assert.DoesNotContain("less than", page.Find("#scaling-max-help").TextContent);
    }

    [Fact]
    public async Task A_quote_that_ran_out_is_renewed_without_a_word()
    {
        var page = await FilledAsync();
        Platform.Answer(Create, body => (string?)body!["quote"] == (string?)Calls(Create)[0]!["quote"] ? (422, new { code = "quote_expired", detail = "It held until now." }) : (202, Some.Endpoint));
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.EndsWith(Some.EndpointId, Navigation.Uri));
        Assert.Equal((2, 2), (Calls(Create).Count, Calls(Quotes).Count));
        Assert.Empty(page.FindAll(".notice.error"));
    }

    [Fact]
    public async Task A_price_that_changed_meanwhile_is_shown_before_it_is_paid()
    {
        var page = await FilledAsync();
        Platform.Refuse(Create, 422, "quote_expired", "It held until now.");
        Platform.Answer(Quotes, body =>
        {
            var (status, quote) = Quoted.Answer(body);
            var it = (Sizing.Quotes.Quote)quote!;
            return (status, it with { Options = [.. it.Options.Select(o => o with { HourlyUsd = o.HourlyUsd * 2 })] });
        });
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.Contains("Prices have changed", page.Find(".notice.error").TextContent));
        Assert.Equal("$1.6096", page.Find("[data-price=hourly]").TextContent);
        Assert.Single(Calls(Create));
        Assert.DoesNotContain("blocks", Navigation.Uri);
    }

    [Fact]
    public async Task Code_of_the_model_s_own_runs_on_consent_only()
    {
        Platform.Refuse(Create, 422, "remote_code_not_trusted", "acme/Llama-8B runs code of its own repository.", ("trustRemoteCode", "acme/Llama-8B runs code of its own repository."));
        var page = await FilledAsync();
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.Contains("runs code of its own", page.Find("details.advanced .error").TextContent));
        await page.InvokeAsync(() => page.Find("details.advanced input[type=checkbox]").Change(true));
        Assert.Empty(page.FindAll("details.advanced .error"));
        Platform.Answer(Create, Some.Endpoint, 202);
        await ClickAsync(page);
        page.WaitForAssertion(() => Assert.True((bool?)Calls(Create)[^1]!["trustRemoteCode"]));
    }

    private async Task<IRenderedComponent<DeployPage>> FilledAsync()
    {
        Navigation.NavigateTo("inference/new");
        var page = Show<DeployPage>();
        await page.InvokeAsync(() => page.Find("#model").Input("acme/Llama-8B"));
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
        return page;
    }

    private static Task ClickAsync(IRenderedComponent<DeployPage> page) => page.InvokeAsync(() => Button(page).Click());

    private static IElement Button(IRenderedComponent<DeployPage> page) => page.Find(".deploy-button");

    private List<JsonNode?> Calls(string call) => [.. Platform.Asked.Where(a => a.Call == call).Select(a => a.Body)];
}
