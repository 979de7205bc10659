using System.Text.Json.Nodes;
using AngleSharp.Dom;
using Bunit;
using Hypervize.Dashboard.Deploy;

namespace Hypervize.Dashboard.Tests;

/// <summary>From a model's id to an endpoint.</summary>
public sealed class DeploySpecs : PageContext
{
    private const string Quotes = "POST v1/quotes", Create = "POST v1/endpoints", Secret = "hf_VerySecret";

    public DeploySpecs()
    {
        DefaultWaitTimeout = TimeSpan.FromSeconds(30);
        Platform.Answer("GET v1/hardware", Quoted.List);
        Platform.Answer(Quotes, Quoted.Answer);
        Platform.Answer(Create, Some.Endpoint, 202);
    }

    [Fact]
    public async Task What_a_model_needs_fits_on_and_costs_is_shown_as_it_is_typed()
    {
        var page = Open();
        Assert.True(Button(page).HasAttribute("disabled"));
        await NameModelAsync(page, "acme/Llama-8B");
        Assert.Equal("8.03 B, 16.1 GB, Chat, 8,192 of 131,072, 131 KB", string.Join(", ", page.FindAll(".facts dd").Select(d => d.TextContent)));
        Assert.Equal(("g6.xlarge", "Recommended"), (Chosen(page), page.Find(".option.chosen .chip").TextContent));
        Assert.Equal("$0.8048, $19.3152, $19.3152, $0.00", Prices(page));
        Assert.Contains("do not fit, and why", page.Find(".others summary").TextContent);
        Assert.Contains("may be used", page.Find(".others").TextContent);
        Assert.Equal("Llama-8B", page.Find("#name").GetAttribute("placeholder"));
        Assert.Equal("hardware-title", page.Find(".options").GetAttribute("aria-labelledby"));
    }

    [Fact]
    public async Task The_price_moves_as_nodes_and_telemetry_are_changed()
    {
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        await TypeAsync(page, "scaling-max", "4");
        Assert.Equal("$0.8048, $19.3152, $77.2608, $0.00", Prices(page));
        await page.InvokeAsync(() => page.FindAll("input[role=switch]")[1].Change(true));
        Assert.Equal("$0.9548, $22.9152, $80.8608, $0.00", Prices(page));
        await TypeAsync(page, "scaling-min", "2");
        Assert.Equal("$0.9548, $42.2304, $80.8608, never sleeps", Prices(page));
        page.WaitForAssertion(() => Assert.Single(Calls(Quotes), q => (bool)q!["telemetry"]!));
    }

    [Fact]
    public async Task While_the_quote_is_not_for_what_is_typed_nothing_can_be_deployed()
    {
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        Assert.False(Button(page).HasAttribute("disabled"));
        await page.InvokeAsync(() => page.Find("#context").Input("4096"));
        Assert.True(Button(page).HasAttribute("disabled"));
        Assert.Contains("old", page.Find(".facts").ClassList);
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
        Assert.DoesNotContain("old", page.Find(".facts").ClassList);
    }

    [Fact]
    public async Task An_answer_to_an_older_question_is_never_shown()
    {
        var held = new TaskCompletionSource();
        Platform.Before = (call, body) => call == Quotes && (string?)body!["model"] == "acme/Old-8B" ? held.Task : Task.CompletedTask;
        Platform.Answer(Quotes, body => (string?)body!["model"] == "acme/Old-8B" ? Quoted.AnswerOf(Quoted.Model() with { Parameters = 1_000_000 })(body) : Quoted.Answer(body));
        var page = Open();
        await TypeAsync(page, "model", "acme/Old-8B");
        await NameModelAsync(page, "acme/New-8B");
        held.SetResult();
        await page.InvokeAsync(() => page.Render());
        Assert.Equal("8.03 B", page.Find(".facts dd").TextContent);
    }

    [Theory]
    [InlineData("scaling-max", "99", "Must lie between 1 and 64, not be 99.")]
    [InlineData("scaling-idleSeconds", "soon", "Must be a whole number between 1 and 86,400, written in digits.")]
    [InlineData("context", "200000000", "Must lie between 1 and 100,000,000, not be 200000000.")]
    public async Task What_is_out_of_bounds_is_refused_beside_its_field_and_left_as_it_was_typed(string field, string typed, string error)
    {
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        await TypeAsync(page, field, typed);
        Assert.Equal((error, typed, "true"), (page.Find($"#{field}-help").TextContent.Trim(), Value(page, field), page.Find($"#{field}").GetAttribute("aria-invalid")));
        Assert.True(Button(page).HasAttribute("disabled"));
        Assert.Contains("Look again at", page.Find("#deploy-state").TextContent);
    }

    [Fact]
    public async Task A_token_is_asked_for_only_when_the_model_is_closed_and_comes_back_to_no_page()
    {
        var closed = Quoted.Model("acme/Gated-8B") with { IsGated = true, IsClosed = true, IsEstimate = true, Notes = ["acme/Gated-8B is gated: what is quoted is an estimate."] };
        Platform.Answer(Quotes, body => body!["huggingFaceToken"] is null && (string?)body["model"] == closed.Model ? Quoted.AnswerOf(closed)(body) : Quoted.Answer(body));
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        Assert.Empty(page.FindAll("input[type=password]"));

        await TypeAsync(page, "model", "acme/Gated-8B");
        page.WaitForAssertion(() => Assert.Single(page.FindAll("input[type=password]")));
        Assert.True(Button(page).HasAttribute("disabled"));
        Assert.Contains("Estimate", page.Find(".estimate").TextContent);
        Assert.Contains("is gated", page.Find(".note").TextContent);

        await TypeAsync(page, "huggingFaceToken", Secret);
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
        Assert.DoesNotContain(Secret, page.Markup);
        await ClickAsync(page, ".deploy-button");
        page.WaitForAssertion(() => Assert.Equal(Secret, (string?)Assert.Single(Calls(Create))!["huggingFaceToken"]));
        Assert.DoesNotContain(Secret, Navigation.Uri);
    }

    [Fact]
    public async Task A_model_that_is_not_found_may_be_private()
    {
        Platform.Refuse(Quotes, 422, "model_not_found", "There is no model acme/Mine on the Hub, or it is private.");
        var page = Open();
        await TypeAsync(page, "model", "acme/Mine");
        page.WaitForAssertion(() => Assert.Contains("or it is private", page.Find(".refusal").TextContent));
        Assert.Empty(page.FindAll("input[type=password]"));
        await ClickAsync(page, ".refusal button");
        Assert.Single(page.FindAll("input[type=password]"));
    }

    [Fact]
    public async Task When_the_Hub_is_away_it_says_what_can_be_done_and_asks_again()
    {
        Platform.Refuse(Quotes, 503, "hub_unreachable", "The Hub does not answer.");
        var page = Open();
        await TypeAsync(page, "model", "acme/Nameless");
        page.WaitForAssertion(() => Assert.Contains("simulator/tiny", page.Find(".refusal").TextContent));
        Platform.Answer(Quotes, Quoted.Answer);
        await ClickAsync(page, ".refusal button");
        page.WaitForAssertion(() => Assert.Equal("8.03 B", page.Find(".facts dd").TextContent));
    }

    [Fact]
    public async Task Other_hardware_can_be_chosen_and_is_what_is_quoted()
    {
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        await page.InvokeAsync(() => page.Find("input[value='g5.xlarge']").Change("g5.xlarge"));
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.Equal("g5.xlarge", (string?)Calls(Quotes)[^1]!["hardware"]));
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
        Assert.Equal(("g5.xlarge", "$1.006, $24.144, $24.144, $0.00"), (Chosen(page), Prices(page)));
        Assert.Contains("metered as g5.xlarge", page.Find(".summary").TextContent);
    }

    [Fact]
    public async Task Hardware_that_was_chosen_before_the_model_and_is_too_small_can_be_let_go_of()
    {
        var page = Open("?model=acme/Llama-8B&hardware=g4dn.xlarge");
        page.WaitForAssertion(() => Assert.Equal("true", page.Find(".analysis").GetAttribute("aria-busy")));
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.Contains("does not fit on g4dn.xlarge", page.Find(".refusal").TextContent));
        await ClickAsync(page, ".refusal button");
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.Equal("g6.xlarge", Chosen(page)));
    }

    [Fact]
    public void Before_the_page_is_live_nothing_is_asked_and_nothing_said_to_be_wrong()
    {
        SetRendererInfo(new("Static", isInteractive: false));
        var page = Open("?model=acme/Llama-8B&hardware=g5.xlarge");
        page.WaitForAssertion(() => Assert.Equal("$1.006, $24.144, $24.144, $0.00", Prices(page)));
        Assert.Equal(("Looking at the model…", "Finding out what the model needs…"), (page.Find(".state").TextContent, page.Find("#deploy-state").TextContent));
        Assert.True(Button(page).HasAttribute("disabled"));
        Assert.Empty(Calls(Quotes));
    }

    [Fact]
    public async Task A_real_runtime_runs_on_the_installation_s_own_machine()
    {
        var page = Open();
        await NameModelAsync(page, "acme/Llama-8B");
        Assert.Contains("Simulated nodes", page.Find(".summary").TextContent);
        await page.InvokeAsync(() => page.Find("#runtime").Change("vllm"));
        Time.Advance(QuoteDesk.Pause);
        page.WaitForAssertion(() => Assert.Equal("local", (string?)Calls(Quotes)[^1]!["hardware"]));
        Assert.DoesNotContain("Simulated nodes", page.Find(".summary").TextContent);
        // What the machine holds is its operator's to say: the refusal is shown, and does not stand in the way.
        page.WaitForAssertion(() => Assert.Contains("does not fit on local", page.Find(".refusal").TextContent));
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
        await ClickAsync(page, ".deploy-button");
        page.WaitForAssertion(() => Assert.Equal(("acme/Llama-8B", "local", "vllm"), Calls(Create) is [var body] ? ((string?)body!["model"], (string?)body["hardware"], (string?)body["runtime"]) : default));
    }

    [Fact]
    public async Task Public_access_warns_and_says_which_limits_hold()
    {
        var page = Open();
        await page.InvokeAsync(() => page.FindAll("input[name=access]")[1].Change(true));
        Assert.Contains("300 requests per minute and 20 at once", page.Find(".notice.warning").TextContent);
    }

    [Fact]
    public async Task An_endpoint_that_never_sleeps_has_no_idle_time()
    {
        var page = Open();
        Assert.Equal(("0", "5 min without a request."), (Value(page, "scaling-min"), page.Find("#scaling-idleSeconds-help").TextContent.Trim()));
        await page.InvokeAsync(() => page.FindAll("input[role=switch]")[0].Change(false));
        Assert.Equal("1", Value(page, "scaling-min"));
        Assert.Empty(page.FindAll("#scaling-idleSeconds"));
        await TypeAsync(page, "scaling-min", "0");
        Assert.Single(page.FindAll("#scaling-idleSeconds"));
    }

    private IRenderedComponent<DeployPage> Open(string query = "")
    {
        Navigation.NavigateTo($"inference/new{query}");
        return Show<DeployPage>();
    }

    private async Task TypeAsync(IRenderedComponent<DeployPage> page, string id, string text)
    {
        await page.InvokeAsync(() => page.Find($"#{id}").Input(text));
        Time.Advance(QuoteDesk.Pause);
    }

    private async Task NameModelAsync(IRenderedComponent<DeployPage> page, string model)
    {
        await TypeAsync(page, "model", model);
        page.WaitForAssertion(() => Assert.False(Button(page).HasAttribute("disabled")));
    }

    private static Task ClickAsync(IRenderedComponent<DeployPage> page, string selector) => page.InvokeAsync(() => page.Find(selector).Click());

    private static IElement Button(IRenderedComponent<DeployPage> page) => page.Find(".deploy-button");

    private static string? Value(IRenderedComponent<DeployPage> page, string id) => page.Find($"#{id}").GetAttribute("value");

    private static string? Chosen(IRenderedComponent<DeployPage> page) => page.FindAll("input[name=hardware]").SingleOrDefault(i => i.HasAttribute("checked"))?.GetAttribute("value");

    private static string Prices(IRenderedComponent<DeployPage> page) => string.Join(", ", page.FindAll("[data-price]").Select(p => p.TextContent));

    private List<JsonNode?> Calls(string call) => [.. Platform.Asked.Where(a => a.Call == call).Select(a => a.Body)];
}
