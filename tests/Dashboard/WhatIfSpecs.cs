using System.Text.Json.Nodes;
using Bunit;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Autoscaling;
using Hypervize.Dashboard.Shell;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Tests;

/// <summary>Settings that are tried on an endpoint's own traffic.</summary>
public sealed class WhatIfSpecs : PageContext
{
    private const string Simulations = $"POST v1/endpoints/{Some.EndpointId}/simulations";
    private const string Patch = $"PATCH v1/endpoints/{Some.EndpointId}";

    private static readonly Dictionary<string, double> Set = new()
    {
        ["min"] = 0, ["max"] = 4, ["idle"] = 300, ["concurrency"] = 16, ["target"] = 12.8, ["window"] = 30, ["stabilisation"] = 40, ["panic"] = 1.5, ["up"] = 100, ["down"] = 2, ["start"] = 60, ["hold"] = 60,
    };

    [Fact]
    public void Fields_begin_at_what_is_set()
    {
        Answer();
        var page = Show();
        page.WaitForAssertion(() => Assert.Equal(
            ["0", "4", "300", "16", "12.8", "30", "40", "1.5", "100", "2", "60", "60"], page.FindAll(".what-if input[type=text]").Select(i => i.GetAttribute("value"))));
        Assert.Contains("Move a slider", page.Find(".answer").TextContent);
        Assert.Equal("2026-11-19T12:00:00Z", (string)Asked()[0]["from"]!);
        Assert.Equal(12, page.FindAll(".what-if input[type=range]").Select(i => i.GetAttribute("aria-label")).Distinct().Count());
    }

    [Fact]
    public async Task What_is_typed_is_tried_when_the_typing_pauses()
    {
        Answer();
        var page = Ready();
        foreach (var text in (string[])["6", "60", "600"])
        {
            await TypeAsync(page, "idle", text);
            Time.Advance(TimeSpan.FromMilliseconds(300));
        }
        Assert.Single(Asked());
        page.WaitForElement(".answer.old");
        await HoldsAsync(() => Assert.Equal("$1.58 less, 3 more wakes, 95 of 100 requests wait at most 9 s, 4 s longer.", page.Find(".answer .words").TextContent));
        Assert.Equal("""{"idle":600}""", Asked()[^1]["set"]!.ToJsonString());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".answer.old")));
        Assert.Equal(2, Asked().Count);
    }

    [Fact]
    public async Task A_slider_moves_its_field_and_stays_where_it_was_left()
    {
        Answer();
        var page = Ready();
        await page.InvokeAsync(() => Slider(page, "max").Input("700"));
        page.WaitForAssertion(() => Assert.Equal(Trial.Text(SliderScale.ValueAt(Of("max"), 700)), Field(page, "max").GetAttribute("value")));
        Assert.Equal("700", Slider(page, "max").GetAttribute("value"));
    }

    [Theory]
    [InlineData("max", "0", "must be a whole number from 1 to 64")]
    [InlineData("max", "two", "must be a whole number from 1 to 64")]
    [InlineData("idle", "1.5", "must be a whole number from 1 to 86,400")]
    [InlineData("min", "5", "must not be above the 4 that there are at most")]
    [InlineData("target", "17", "must not be above the 16 that a node takes at once")]
    public async Task What_makes_no_sense_is_refused_beside_its_field_and_not_asked(string name, string text, string error)
    {
        Answer();
        var page = Ready();
        await TypeAsync(page, name, text);
        page.WaitForAssertion(() => Assert.Contains(error, page.FindAll(".what-if .error").Single().TextContent));
        Assert.Equal(("true", text), (Field(page, name).GetAttribute("aria-invalid"), Field(page, name).GetAttribute("value")));
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Single(Asked());
        Assert.NotEmpty(page.FindAll(".answer.old"));
        Assert.True(page.FindAll("button").Single(b => b.TextContent == "Use these settings").HasAttribute("disabled"));
    }

    [Fact]
    public async Task An_older_answer_never_takes_the_place_of_a_newer_one()
    {
        Answer();
        var held = new HeldPlatform(Platform);
        RenderTree.Add<CascadingValue<Visit>>(p => p.Add(v => v.Value, held.Visit));
        var page = Ready();
        held.Hold("/simulations");
        await TypeAsync(page, "idle", "600");
        await HoldsAsync(() => Assert.Equal(2, Asked().Count));
        await TypeAsync(page, "idle", "300");
        held.LetGo("/simulations");
        await HoldsAsync(() => Assert.Equal(3, Asked().Count));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".answer.old")));
        Assert.Contains("Move a slider", page.Find(".answer").TextContent);
    }

    [Theory]
    [InlineData(409, "nothing_recorded", "Too little traffic is recorded yet")]
    [InlineData(409, "telemetry_off", "Traffic is recorded while telemetry is on")]
    [InlineData(503, "busy", "Others simulate just now")]
    [InlineData(null, "", "It could not be simulated")]
    public async Task A_refusal_is_explained(int? status, string code, string words)
    {
        Platform.Refuse(Simulations, status ?? 500, code, "No.");
        var page = Show();
        page.WaitForAssertion(() => Assert.Contains(words, page.Find(".notice").TextContent));
        Answer();
        await ClickAsync(page, "Try again");
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll(".what-if")));
        Assert.Empty(page.FindAll(".notice"));
    }

    [Fact]
    public async Task Settings_are_taken_after_they_were_shown_in_words()
    {
        Answer();
        Platform.Answer(Patch, Some.Endpoint);
        var page = Ready();
        await TypeAsync(page, "idle", "600");
        await TypeAsync(page, "target", "8");
        await ClickAsync(page, "Use these settings");
        page.WaitForAssertion(() => Assert.Equal(
            ["Seconds without a request before it sleeps: 300 → 600", "Requests at once that a node should have: 12.8 → 8 (kept as a share of what a node takes at once)"], page.FindAll(".take li").Select(l => l.TextContent)));
        Assert.DoesNotContain(Platform.Asked, a => a.Call == Patch);
        await ClickAsync(page, "Set it so");
        page.WaitForAssertion(() => Assert.Contains("It is set so.", page.Markup));
        Assert.Equal("""{"scaling":{"idleSeconds":600,"tuning":{"utilisation":0.5}}}""", Platform.Asked.Single(a => a.Call == Patch).Body!.ToJsonString());
        Assert.Empty(page.FindAll(".what-if.changed"));
    }

    [Fact]
    public async Task What_the_platform_does_not_take_is_said_and_stays()
    {
        Answer();
        Platform.Refuse(Patch, 422, "invalid_request", "Some fields are wrong.", ("scaling.max", "must lie between 1 and 40"));
        var page = Ready();
        await TypeAsync(page, "max", "60");
        await ClickAsync(page, "Use these settings");
        await ClickAsync(page, "Set it so");
        page.WaitForAssertion(() => Assert.Contains("must lie between 1 and 40", page.Find(".take").TextContent));
        Assert.Equal("60", Field(page, "max").GetAttribute("value"));
    }

    [Fact]
    public void A_tuning_that_is_not_touched_stays()
    {
        var trial = Trial.Of(Set).With(Of("window"), "60").With(Of("hold"), "90").With(Of("start"), "10");
        var change = TrialCalls.Change(trial, new Scaling(0, 4, 300, 16, Tuning: new(PanicAt: 3, DownRate: 4)));
        Assert.Equal("""{"holdSeconds":90,"scaling":{"tuning":{"windowSeconds":60,"panicAt":3,"downRate":4}}}""", change!.ToJsonString());
        Assert.True(TrialCalls.Retunes(change));
    }

    [Fact]
    public void Every_setting_but_the_start_can_be_taken() => Assert.All(Setting.All, setting =>
    {
        var trial = Trial.Of(new Dictionary<string, double>(Set) { ["rpm"] = 600 }).With(setting, setting.Name == "target" ? 3 : 4).With(Of("max"), 5);
        var body = TrialCalls.Change(trial, new Scaling(0, 4, 300, 16))!.ToJsonString();
        Assert.Equal(setting.Name is "start" or "max", body == """{"scaling":{"max":5}}""");
    });

    [Fact]
    public void Nothing_is_taken_where_only_the_start_is_tried() => Assert.Null(TrialCalls.Change(Trial.Of(Set).With(Of("start"), 10), Some.Endpoint.Scaling));

    [Fact]
    public void A_target_goes_with_the_concurrency_until_it_is_given()
    {
        var trial = Trial.Of(Set).With(Of("concurrency"), 32);
        Assert.Equal(25.6, trial.ValueOf(Of("target")), 6);
        Assert.Equal(["concurrency"], trial.Changes.Select(c => c.It.Name));
        Assert.Equal("""{"scaling":{"concurrency":32}}""", TrialCalls.Change(trial, new(0, 4, 300, 16))!.ToJsonString());
        Assert.Equal("""{"scaling":{"concurrency":32,"tuning":{"utilisation":0.4}}}""", TrialCalls.Change(trial.With(Of("target"), "12.8"), new(0, 4, 300, 16))!.ToJsonString());
    }

    [Fact]
    public void What_is_typed_as_it_is_set_is_no_change()
    {
        var trial = Trial.Of(Set).With(Of("idle"), " 300.0 ");
        Assert.Empty(trial.Changes);
        Assert.Equal("{}", TrialCalls.Simulation(trial, Some.Now)["set"]!.ToJsonString());
        Assert.Null(TrialCalls.Change(trial, Some.Endpoint.Scaling));
    }

    [Fact]
    public void A_slider_reaches_every_bound_and_comes_back_to_where_a_value_was() => Assert.All(Setting.All, setting =>
    {
        Assert.Equal((setting.Least, setting.Most), (SliderScale.ValueAt(setting, 0), SliderScale.ValueAt(setting, SliderScale.Last)));
        for (var position = 0; position <= SliderScale.Last; position++)
        {
            var value = SliderScale.ValueAt(setting, position);
            Assert.Equal(value, SliderScale.ValueAt(setting, SliderScale.PositionOf(setting, value)), Math.Max(1, value * 0.01));
            // Those two have a bound in another setting, too.
            if (setting.Name is not ("min" or "target")) Assert.Null(Trial.Of(Set).With(setting, value).ErrorOf(setting));
        }
    });

    [Theory]
    [InlineData(2.00, 2.00, 5, 5, 5, 5, 0, 0, "It would have cost and waited the same")]
    [InlineData(2.00, 1.58, 5, 8, 5, 5, 0, 0, "$0.42 less, 3 more wakes")]
    [InlineData(0.0150, 0.0162, 2, 1, 5, 4, 0, 12, "$0.0012 more, 1 fewer wake, 95 of 100 requests wait at most 4 s, 1 s shorter, 12 more refused")]
    [InlineData(123.456, 123.4561, 0, 0, 0, 0, 3, 1.5, "1.5 fewer refused")]
    public void Differences_are_said_in_words(double cost, double triedCost, int wakes, int triedWakes, int wait, int triedWait, double refused, double triedRefused, string words) =>
        Assert.Equal(words, Comparison.InWords(Rehearsed([Run((decimal)cost, wakes, wait, refused), Run((decimal)triedCost, triedWakes, triedWait, triedRefused)])));

    [Fact]
    public void Every_figure_stands_beside_the_other_with_what_it_means()
    {
        var figures = Comparison.Of(Rehearsed([Run(2.00m, 5, 5, 0), Run(1.58m, 8, 9, 2)]));
        Assert.Equal(("$2.00", "$1.58", "$0.42 less", Verdict.Better), (figures[0].Current, figures[0].Tried, figures[0].Difference, figures[0].Verdict));
        Assert.Equal(("3 more wakes", Verdict.Worse), (figures[2].Difference, figures[2].Verdict));
        Assert.Equal(("the same", Verdict.Neutral), (figures[3].Difference, figures[3].Verdict));
        Assert.Equal(("9 s", "4 s longer", Verdict.Worse), (figures[5].Tried, figures[5].Difference, figures[5].Verdict));
        Assert.All(Comparison.Of(Rehearsed([Run(2, 5, 5, 0)])), figure => Assert.Equal((null, null, Verdict.Neutral), (figure.Tried, figure.Difference, figure.Verdict)));
    }

    private static Setting Of(string name) => Setting.All.First(s => s.Name == name);

    // Between finding and acting nothing may be drawn anew.
    private static Task TypeAsync(IRenderedComponent<WhatIf> page, string name, string text) => page.InvokeAsync(() => Field(page, name).Input(text));

    private static Task ClickAsync(IRenderedComponent<WhatIf> page, string button) => page.InvokeAsync(() => page.FindAll("button").Single(b => b.TextContent == button).Click());

    private static AngleSharp.Dom.IElement Field(IRenderedComponent<WhatIf> page, string name) => Box(page, name).QuerySelector("input[type=text]")!;

    private static AngleSharp.Dom.IElement Slider(IRenderedComponent<WhatIf> page, string name) => Box(page, name).QuerySelector("input[type=range]")!;

    private static AngleSharp.Dom.IElement Box(IRenderedComponent<WhatIf> page, string name) => page.FindAll(".what-if").Single(f => f.QuerySelector("code")!.TextContent == name);

    private IRenderedComponent<WhatIf> Show() => Show<WhatIf>(p => p.Add(w => w.It, Some.Endpoint));

    private IRenderedComponent<WhatIf> Ready()
    {
        var page = Show();
        page.WaitForAssertion(() => Assert.Equal(12, page.FindAll(".what-if").Count));
        return page;
    }

    private List<JsonNode> Asked() => [.. Platform.Asked.Where(a => a.Call == Simulations).Select(a => a.Body!)];

    private void Answer() => Platform.Answer(Simulations, body => (200, Rehearsed(body!["set"]!.AsObject().Count == 0 ? [Run(2.00m, 5, 5, 0)] : [Run(2.00m, 5, 5, 0), Run(0.42m, 8, 9, 0)])));

    private static Rehearsal Rehearsed(IReadOnlyList<RehearsedRun> runs) => new(Some.Now.AddDays(-1), 86_400, 1234, 1.006m, 0, runs);

    private static RehearsedRun Run(decimal cost, int wakes, int wait, double refused) => new(
        Rehearsal.Current, Set, (double)cost, cost, wakes, 10, new(0, wait, wait), refused, [new(0, 1.5, 1, 0), new(43_200, 3, 2, 1)]);
}
