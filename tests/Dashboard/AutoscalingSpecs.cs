using Bunit;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Autoscaling;
using Hypervize.Dashboard.Plots;

namespace Hypervize.Dashboard.Tests;

/// <summary>Why an endpoint has as many nodes as it has.</summary>
public sealed class AutoscalingSpecs : PageContext
{
    private const string Scaling = $"GET v1/endpoints/{Some.EndpointId}/scaling";
    private static readonly Scaling Sleeping = new(0, 4, 300, 16);

    [Fact]
    public void The_present_finding_is_said_in_words_and_as_a_calculation()
    {
        Platform.Answer(Scaling, Found(Now(3, 3, 25.6, 2, new Clamp(ScalingRule.Stabilisation, 2, 3))));
        var tab = Show(Some.Endpoint with { Wanted = 3, Nodes = [.. Enumerable.Range(1, 3).Select(n => new NodeResource($"node-{n}", NodeStatus.Ready, Some.Now))] });
        tab.WaitForAssertion(() => Assert.Equal(
            ["25.6 requests at once", "12.8 requests at once", "2 nodes, in whole numbers 2", "2 → 3", "3 nodes"], tab.FindAll(".now dd").Select(d => d.TextContent)));
        Assert.Equal("Why it has 3 nodes", tab.Find(".now h3").TextContent);
        Assert.Contains("As the test says.", tab.Find(".now").TextContent);
        Assert.Contains("It goes to sleep when there was no request for 5 min.", tab.Find(".now").TextContent);
    }

    [Theory]
    [InlineData(EndpointStatus.Hibernated, "Why it sleeps", "the next request wakes it with 1 node.")]
    [InlineData(EndpointStatus.Building, "Why it has 1 node", "It is being provisioned with 1 node.")]
    [InlineData(EndpointStatus.Waking, "Why it has 1 node", "It was woken with 1 node.")]
    [InlineData(EndpointStatus.Failed, "Why it has no node", "until it is enabled again")]
    [InlineData(EndpointStatus.Disabled, "Why it has no node", "It is switched off")]
    [InlineData(EndpointStatus.Up, "Why it has 1 node", "It has just come up")]
    public void While_it_is_not_evaluated_it_is_said_what_decides(EndpointStatus status, string title, string words)
    {
        Platform.Answer(Scaling, Found(null) with { Status = status });
        var tab = Show(Some.Endpoint with { Status = status });
        tab.WaitForAssertion(() => Assert.Contains(words, tab.Find(".now").TextContent));
        Assert.Equal(title, tab.Find(".now h3").TextContent);
    }

    [Fact]
    public void A_load_in_requests_per_minute_is_part_of_the_calculation()
    {
        var lines = Calculation.Of(Now(2, 2, 4, 1.25) with { PerMinute = 600 }, Sleeping with { RequestsPerMinute = 600 });
        Assert.Equal(["4 requests at once, 600 a minute", "12.8 requests at once, 480 a minute"], lines.Take(2).Select(l => l.Value));
    }

    [Theory]
    [InlineData(0.0, null, "0 nodes, in whole numbers 0")]
    [InlineData(0.0, 0.5, "8 requests at once")]
    public void A_target_that_can_t_be_told_is_not_made_up(double load, double? own, string second)
    {
        var scaling = Sleeping with { Tuning = own is null ? null : new(Utilisation: own) };
        Assert.Equal(second, Calculation.Of(Now(1, 1, load, 0, new Clamp(ScalingRule.Minimum, 0, 1)), scaling)[1].Value);
    }

    [Fact]
    public void Going_to_sleep_has_a_reason_of_its_own()
    {
        var found = Now(0, 1, 0, 0);
        Assert.Equal(["none for the idle time of 5 min", "no node: it sleeps"], Calculation.Of(found, Sleeping).Select(l => l.Value));
        Assert.Equal(("1 → asleep", "No request for the idle time"), (FindingWords.Nodes(found), FindingWords.Reason(found)));
    }

    [Fact]
    public void Every_rule_is_said_in_words() => Assert.All(Enum.GetValues<ScalingRule>(), rule =>
    {
        Assert.NotEmpty(FindingWords.Of(rule, Sleeping));
        Assert.NotEmpty(FindingWords.Reason(Now(1, 1, 1, 1, new Clamp(rule, 1, 2))));
    });

    [Fact]
    public async Task What_was_decided_is_listed_and_each_row_says_why()
    {
        Platform.Answer(Scaling, Found(Now(3, 3, 25.6, 2), Past(60, 3, 1, 30), Past(120, 1, 1, 3)));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal(["1 → 3 nodes", "1 node"], tab.FindAll(".decisions tbody tr td:nth-child(3)").Select(c => c.TextContent)));
        Assert.Equal((true, false), (Row(0, tab).ClassList.Contains("decision"), Row(1, tab).ClassList.Contains("decision")));
        await tab.InvokeAsync(() => Row(0, tab).QuerySelector("button")!.Click());
        Assert.Contains("30 requests at once", tab.Find(".decisions .why").TextContent);
        await tab.InvokeAsync(() => Row(0, tab).QuerySelector("button")!.Click());
        Assert.Empty(tab.FindAll(".decisions .why"));
    }

    [Fact]
    public async Task A_mark_in_the_plot_says_why_too()
    {
        Platform.Answer(Scaling, Found(Now(3, 3, 25.6, 2), Past(60, 3, 1, 30), Past(120, 1, 1, 3), Past(600, 1, 2, 5)));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal(2, Nodes(tab).Marks.Count));
        Assert.Equal([PlotMarkKind.Down, PlotMarkKind.Up], Nodes(tab).Marks.Select(m => m.Kind));
        await tab.InvokeAsync(() => tab.FindComponents<PlotView>()[0].Instance.MarkClickedAsync(1));
        Assert.Contains("2026-11-20 11:59:00 UTC: 1 → 3 nodes", tab.Find(".chosen").TextContent);
        Assert.Empty(tab.FindAll(".why"));
        await tab.InvokeAsync(() => tab.Find(".chosen button").Click());
        Assert.Empty(tab.FindAll(".chosen"));
    }

    [Fact]
    public async Task More_is_shown_when_it_is_asked_for()
    {
        Platform.Answer(Scaling, Found(Now(1, 1, 1, 1), [.. Enumerable.Range(1, 100).Select(i => Past(i * 60, 1, 1, i))]));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal(20, tab.FindAll(".decisions tbody tr").Count));
        for (var rows = 40; rows <= 100; rows += 20)
        {
            await tab.InvokeAsync(() => tab.FindAll(".decisions button").Single(b => b.TextContent == "Show more").Click());
            Assert.Equal(rows, tab.FindAll(".decisions tbody tr").Count);
        }
        await tab.InvokeAsync(() => tab.FindAll(".decisions button").Single(b => b.TextContent == "Show more").Click());
        await HoldsAsync(() => Assert.Contains(Platform.Asked, a => a.Call.Contains("limit=200")));
    }

    [Fact]
    public void Without_recorded_traffic_nodes_and_load_are_drawn_from_what_was_found()
    {
        Finding[] findings = [Past(60, 3, 1, 30), Past(120, 1, 1, 3), Past(3000, 1, 1, 2)];
        var plots = ScalingPlots.Of(findings, [], Some.Now.AddHours(-1), Some.Now);
        Assert.Equal([1.0, 1.0, null, 1.0, 1.0, 1.0, 1.0], plots[0].Lines[1].Values);
        Assert.Equal([2.0, 2.0, null, 3.0, 3.0, 30.0, 30.0], plots[1].Lines[0].Values);
        Assert.Equal(plots[0].Times.Order(), plots[0].Times);
    }

    [Fact]
    public void Recorded_traffic_is_drawn_where_there_is_some()
    {
        var point = new MetricsPoint(Some.Now.AddMinutes(-60), 60, 1, 1, 0, 0, new Dictionary<int, int>(), 0, 0, 0, null, null, 2, 3, 2, 1, null);
        Platform.Answer(Scaling, Found(Now(1, 1, 1, 1)));
        Platform.Answer($"GET v1/endpoints/{Some.EndpointId}/metrics", new MetricsResource(Some.EndpointId, true, Some.Now.AddHours(-6), Some.Now, 60, [point]));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Equal([5.0], tab.FindComponents<PlotView>()[1].Instance.Plot.Lines[0].Values.OfType<double>()));
        Assert.Equal(360, Nodes(tab).Times.Count);
    }

    [Fact]
    public void The_past_that_can_t_be_told_does_not_hide_the_present()
    {
        Platform.Refuse($"{Scaling}?limit=100", 503, "findings_unavailable", "The database does not answer.");
        Platform.Answer($"{Scaling}?limit=0", Found(Now(1, 1, 1.28, 0.1)));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Contains("1.3 requests at once", tab.Find(".now").TextContent));
        tab.WaitForAssertion(() => Assert.Contains("The database does not answer.", tab.Find(".notice").TextContent));
    }

    [Fact]
    public async Task A_new_finding_is_shown_by_itself()
    {
        Platform.Answer(Scaling, Found(Now(1, 1, 1.28, 0.1)));
        var tab = Show();
        tab.WaitForAssertion(() => Assert.Contains("1.3 requests at once", tab.Find(".now").TextContent));
        Platform.Answer(Scaling, Found(Now(2, 1, 20, 1.5) with { From = Some.Now, To = Some.Now }, Past(10, 1, 1, 1.28)));
        await HoldsAsync(() =>
        {
            Assert.Contains("20 requests at once", tab.Find(".now").TextContent);
            Assert.Single(tab.FindAll(".decisions tbody tr"));
        }, TimeSpan.FromSeconds(3));
    }

    private static AngleSharp.Dom.IElement Row(int index, IRenderedComponent<AutoscalingTab> tab) => tab.FindAll(".decisions tbody tr")[index];

    private static Plot Nodes(IRenderedComponent<AutoscalingTab> tab) => tab.FindComponents<PlotView>()[0].Instance.Plot;

    private IRenderedComponent<AutoscalingTab> Show(EndpointResource? it = null) => Show<AutoscalingTab>(p => p.Add(t => t.It, it ?? Some.Endpoint));

    private static ScalingResource Found(Finding? now, params IReadOnlyList<Finding> before) => new(Some.EndpointId, EndpointStatus.Up, 1, 1, now, null, before);

    private static Finding Now(int nodes, int wanted, double atOnce, double needed, params IReadOnlyList<Clamp> rules) =>
        new(Some.Now.AddSeconds(-30), Some.Now, nodes, wanted, wanted, false, needed, needed, atOnce, 0, rules, "As the test says");

    private static Finding Past(int secondsAgo, int nodes, int wanted, double atOnce) =>
        new(Some.Now.AddSeconds(-secondsAgo), Some.Now.AddSeconds(-secondsAgo + 59), nodes, wanted, wanted, false, atOnce / 12.8, atOnce / 12.8, atOnce, 0, [], "As it was");
}
