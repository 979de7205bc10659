using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints;
using Hypervize.Dashboard.Endpoints.Telemetry;
using Hypervize.Dashboard.Plots;
using Hypervize.Dashboard.Shell;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Tests;

/// <summary>What was recorded of an endpoint.</summary>
public sealed class TelemetrySpecs : PageContext
{
    private const string Metrics = $"GET v1/endpoints/{Some.EndpointId}/metrics";

    [Fact]
    public void A_time_is_told_in_figures_and_drawn()
    {
        Platform.Answer(Metrics, Recorded(3600, 20, 180));
        var script = JSInterop.SetupModule("./js/charts.js");
        script.Mode = JSRuntimeMode.Loose;
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal(["5,400", "0.67 %", "54 k", "540 k", "180 ms", "1.2 s"], tab.FindAll(".figure strong").Select(f => f.TextContent)));
        Assert.Equal(["Requests per minute", "Tokens per second", "Time to first token", "Latency", "Requests at once", "Nodes"], tab.FindAll(".plot h3").Select(h => h.TextContent));
        tab.WaitForAssertion(() => Assert.True(script.Invocations["draw"].Count >= 6));
        Assert.Contains("Requests: last 90, least 90, most 90.", tab.Find(".plot-box").GetAttribute("aria-label"));
        Assert.Contains(Platform.Asked, a => a.Call.Contains("step=20"));
    }

    [Fact]
    public void Room_for_all_of_it_is_kept_before_it_comes()
    {
        var held = Held();
        held.Hold("/metrics");
        var tab = Show();
        Assert.Equal((6, 6), (tab.FindAll(".plot-box").Count, tab.FindAll(".figure").Count));
        Assert.All(tab.FindAll(".figure strong"), figure => Assert.Equal("–", figure.TextContent));
    }

    [Fact]
    public void Where_nothing_is_known_there_is_a_gap()
    {
        var whole = Recorded(100, 10, 10);
        var plots = TelemetryPlots.Of(whole with { Points = [.. whole.Points.Where((_, i) => i is not (3 or 4))] });
        Assert.All(plots, plot => Assert.Equal(10, plot.Times.Count));
        Assert.All(plots.SelectMany(p => p.Lines), line => Assert.Equal([3, 4], line.Values.Index().Where(v => v.Item is null).Select(v => v.Index)));
    }

    [Fact]
    public void Durations_of_no_request_are_not_known_and_not_nothing()
    {
        var whole = Recorded(100, 10, 10);
        var plots = TelemetryPlots.Of(whole with { Points = [.. whole.Points.Select((p, i) => i == 5 ? p with { Requests = 0, RequestsPerSecond = 0, FirstTokenMs = null, LatencyMs = null } : p)] });
        Assert.Equal(0, plots[0].Lines[0].Values[5]);
        Assert.Null(plots[2].Lines[0].Values[5]);
    }

    [Fact]
    public void A_step_that_has_just_begun_makes_no_rate()
    {
        var whole = Recorded(100, 10, 10);
        var plots = TelemetryPlots.Of(whole with { Points = [.. whole.Points.Select((p, i) => i == 9 ? p with { WatchedSeconds = 0.5, Errors = 1 } : p)] });
        Assert.Null(plots[0].Lines[1].Values[9]);
    }

    [Fact]
    public async Task Another_time_stands_in_the_address_and_is_asked_for()
    {
        Platform.Answer(Metrics, Recorded(3600, 20, 180));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal("1 h", tab.Find("[aria-pressed=true].quiet").TextContent));
        await tab.InvokeAsync(() => tab.FindAll(".times button").Single(b => b.TextContent == "7 d").Click());
        Assert.EndsWith("?range=7d", Navigation.Uri);
        await HoldsAsync(() => Assert.Contains(Platform.Asked, a => a.Call.Contains("step=1800")));
        tab.WaitForAssertion(() => Assert.Equal("7 d", tab.Find("[aria-pressed=true].quiet").TextContent));
    }

    [Fact]
    public async Task An_older_answer_never_takes_the_place_of_a_newer_one()
    {
        var held = Held();
        Platform.Answer(Metrics, Recorded(3600, 20, 180));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal("5,400", tab.Find(".figure strong").TextContent));

        held.Hold("step=1800");
        held.Hold("step=300");
        Platform.Answer(Metrics, Recorded(604_800, 1800, 7));
        await tab.InvokeAsync(() => tab.FindAll(".times button").Single(b => b.TextContent == "7 d").Click());
        await HoldsAsync(() => Assert.Contains(Platform.Asked, a => a.Call.Contains("step=1800")));
        Platform.Answer(Metrics, Recorded(86_400, 300, 24));
        await tab.InvokeAsync(() => tab.FindAll(".times button").Single(b => b.TextContent == "24 h").Click());
        await HoldsAsync(() => Assert.Contains(Platform.Asked, a => a.Call.Contains("step=300")));

        // What is shown is still that of an hour, and looks like it.
        tab.WaitForElement(".old");
        Assert.Equal(("5,400", "true"), (tab.Find(".figure strong").TextContent, tab.Find(".old").GetAttribute("aria-busy")));
        held.LetGo("step=300");
        tab.WaitForAssertion(() => Assert.Equal("720", tab.Find(".figure strong").TextContent));
        Assert.Empty(tab.FindAll(".old"));
        held.LetGo("step=1800");
        tab.Render();
        Assert.Equal("720", tab.Find(".figure strong").TextContent);
    }

    [Fact]
    public async Task What_is_shown_is_asked_for_again_by_itself()
    {
        Platform.Answer(Metrics, Recorded(3600, 20, 180));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal("5,400", tab.Find(".figure strong").TextContent));
        Platform.Answer(Metrics, Recorded(3600, 20, 60));
        await HoldsAsync(() => Assert.Equal("1,800", tab.Find(".figure strong").TextContent), TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("15m", 10)]
    [InlineData("6h", 10)]
    [InlineData("24h", 60)]
    [InlineData("30d", 60)]
    public void Long_times_are_asked_for_more_seldom(string name, int seconds) =>
        Assert.Equal(seconds, RecentTime.Named(RecentTime.All, name, "1h").Pause.TotalSeconds);

    [Fact]
    public void No_time_has_more_steps_than_can_be_drawn_and_none_is_finer_than_what_is_kept() => Assert.All(RecentTime.All, time =>
    {
        Assert.InRange(time.Length.TotalSeconds / time.StepSeconds, 60, 400);
        Assert.True(time.StepSeconds % 60 == 0 || (60 % time.StepSeconds == 0 && time.Length < TimeSpan.FromDays(1)));
    });

    [Fact]
    public void Nothing_recorded_is_said_to_be_nothing()
    {
        Platform.Answer(Metrics, Recorded(3600, 20, 0));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Contains("Nothing recorded yet", tab.Markup));
        Assert.Empty(tab.FindAll(".plot"));
    }

    [Fact]
    public void A_time_that_is_recorded_in_part_says_since_when()
    {
        var whole = Recorded(3600, 20, 180);
        Platform.Answer(Metrics, whole with { Points = [.. whole.Points.Skip(90)] });
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Contains("Recorded since 2026-11-20 11:30:00 UTC", tab.Markup));
    }

    [Theory]
    [InlineData(503, "busy", "Others ask about a lot of traffic now.")]
    [InlineData(503, "metrics_unavailable", "The database does not answer.")]
    public async Task A_refusal_is_said_and_what_was_known_stays(int status, string code, string detail)
    {
        Platform.Answer(Metrics, Recorded(3600, 20, 180));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal("5,400", tab.Find(".figure strong").TextContent));
        Platform.Refuse(Metrics, status, code, detail);
        await HoldsAsync(() => Assert.Contains(detail, tab.Find(".notice").TextContent), TimeSpan.FromSeconds(10));
        Assert.Contains("Not live", tab.Find(".notice").TextContent);
        Assert.Equal("5,400", tab.Find(".figure strong").TextContent);
    }

    [Fact]
    public void While_it_is_off_it_is_offered_and_what_was_recorded_before_is_shown_beneath()
    {
        var whole = Recorded(2_592_000, 7200, 360);
        Platform.Answer(Metrics, whole with { Telemetry = false });
        var tab = Show(Some.Endpoint with { Telemetry = false });
        Assert.NotEmpty(tab.FindComponents<TelemetryOffer>());
        tab.WaitForAssertion(() => Assert.Equal(6, tab.FindAll(".plot").Count));
        Assert.Contains("before it was switched off", tab.Markup);
    }

    [Fact]
    public async Task While_it_is_off_and_nothing_was_recorded_it_is_only_offered()
    {
        Platform.Answer(Metrics, Recorded(2_592_000, 7200, 0));
        var tab = Show(Some.Endpoint with { Telemetry = false });
        await HoldsAsync(() => Assert.Contains(Platform.Asked, a => a.Call.Contains("/metrics")));
        Assert.NotEmpty(tab.FindComponents<TelemetryOffer>());
        Assert.Empty(tab.FindAll(".plot"));
    }

    [Fact]
    public async Task A_plot_can_be_read_as_a_table()
    {
        var plot = TelemetryPlots.Of(Recorded(100, 10, 10))[3];
        var view = Show<PlotView>(p => p.Add(v => v.Plot, plot).Add(v => v.Group, "test"));
        Assert.Empty(view.FindAll("table"));
        await view.InvokeAsync(() => view.Find("summary").Click());
        Assert.Equal(["2026-11-20 11:59:50", "400 ms", "1.2 s"], view.FindAll("tbody tr")[0].QuerySelectorAll("td").Select(c => c.TextContent));
        await view.InvokeAsync(() => view.Find("summary").Click());
        Assert.Empty(view.FindAll("table"));
    }

    [Theory]
    [InlineData(0.1234, PlotUnit.Number, "0.123")]
    [InlineData(12.34, PlotUnit.Number, "12.3")]
    [InlineData(12_345.6, PlotUnit.Nodes, "12,346")]
    [InlineData(0.4, PlotUnit.Milliseconds, "0.4 ms")]
    [InlineData(1234.0, PlotUnit.Milliseconds, "1.23 s")]
    [InlineData(12_345.0, PlotUnit.Milliseconds, "12.3 s")]
    [InlineData(90_000.0, PlotUnit.Milliseconds, "1.5 min")]
    [InlineData(null, PlotUnit.Milliseconds, "–")]
    public void Values_are_said_as_people_read_them(double? value, PlotUnit unit, string text) => Assert.Equal(text, PlotText.Of(value, unit));

    [Fact]
    public async Task Of_two_questions_only_the_newer_is_heard()
    {
        var (question, first, second) = (new NewestQuestion(), new TaskCompletionSource(), new TaskCompletionSource());
        var older = question.AskAsync(_ => first.Task, CancellationToken.None);
        var newer = question.AskAsync(_ => second.Task, CancellationToken.None);
        first.SetResult();
        Assert.False(await older);
        Assert.True(question.IsAsked);
        second.SetResult();
        Assert.True(await newer);
        Assert.False(question.IsAsked);
        Assert.False(await question.AskAsync(cancel => Task.Delay(Timeout.Infinite, cancel), new CancellationToken(true)));
    }

    private IRenderedComponent<TelemetryTab> Show(EndpointResource? it = null) => Show<TelemetryTab>(p => p.Add(t => t.It, it ?? Some.Endpoint));

    private HeldPlatform Held()
    {
        var held = new HeldPlatform(Platform);
        RenderTree.Add<CascadingValue<Visit>>(p => p.Add(v => v.Value, held.Visit));
        return held;
    }

    // Thirty requests in each of the last steps.
    private static MetricsResource Recorded(int seconds, int step, int points)
    {
        var from = Some.Now.AddSeconds(-seconds);
        return new(Some.EndpointId, true, from, Some.Now, step, [.. Enumerable.Range(0, points).Select(i => Point(Some.Now.AddSeconds((i - points) * step), step, 1))], points == 0 ? null : Point(from, points * step, points));

        static MetricsPoint Point(DateTimeOffset at, int seconds, int times) => new(
            at, seconds, 30 * times, 30.0 * times / seconds, Errors: times * 20 / 100, Refused: 0, new Dictionary<int, int> { [200] = 30 * times - times * 20 / 100, [500] = times * 20 / 100 }, 300 * times, 3000 * times,
            3000.0 * times / seconds, new(90, 180, 200), new(400, 1200, 1300), 2, 0.5, 2, 1.5, null);
    }
}
