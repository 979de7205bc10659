using System.Globalization;
using System.Text.RegularExpressions;
using Bunit;
using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Overview;

namespace Hypervize.Dashboard.Tests;

/// <summary>How an endpoint is called, what runs of it, and how it got there.</summary>
public sealed class OverviewSpecs : PageContext
{
    private const string Route = $"v1/endpoints/{Some.EndpointId}";
    private static readonly EndpointSettings Settings = new("chat", "acme/tiny", "g5.xlarge", "simulator", new(0, 4, 300, 16), 60, EndpointAccess.Private, true);

    [Theory]
    [InlineData(SnippetLanguage.Curl, "/chat/completions", "Bearer $HYPERVIZE_KEY")]
    [InlineData(SnippetLanguage.Python, "client.chat.completions.create", "os.environ[\"HYPERVIZE_KEY\"]")]
    [InlineData(SnippetLanguage.CSharp, "CompleteChatStreamingAsync", "GetEnvironmentVariable(\"HYPERVIZE_KEY\")")]
    public void A_first_call_goes_to_the_endpoint_with_a_key_that_is_not_shown(SnippetLanguage language, string call, string key)
    {
        var snippet = Snippets.Of(language, Some.Endpoint, isEmbedding: false);
        Assert.Contains($"{Some.Endpoint.Url}/v1", snippet);
        Assert.Contains(call, snippet);
        Assert.Contains(key, snippet);
        Assert.Contains("acme/tiny", snippet);
        Assert.DoesNotContain("hvz_live_", snippet);
    }

    [Theory]
    [InlineData(SnippetLanguage.Curl, "/v1/embeddings")]
    [InlineData(SnippetLanguage.Python, "client.embeddings.create")]
    [InlineData(SnippetLanguage.CSharp, "GenerateEmbeddingAsync")]
    public void A_first_call_of_what_embeds_asks_for_embeddings(SnippetLanguage language, string call)
    {
        var snippet = Snippets.Of(language, Some.Endpoint, isEmbedding: true);
        Assert.Contains(call, snippet);
        Assert.DoesNotContain("chat", snippet, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(SnippetLanguage.Curl)]
    [InlineData(SnippetLanguage.Python)]
    [InlineData(SnippetLanguage.CSharp)]
    public void A_first_call_of_a_public_endpoint_needs_no_key(SnippetLanguage language) =>
        Assert.DoesNotContain("HYPERVIZE_KEY", Snippets.Of(language, Some.Endpoint with { Access = EndpointAccess.Public }, isEmbedding: false));

    [Fact]
    public void A_snippet_for_a_shell_is_one_command_whatever_the_model_is_called()
    {
        var snippet = Snippets.Of(SnippetLanguage.Curl, Some.Endpoint with { Model = "it's" }, isEmbedding: false);
        Assert.Equal(
            $$$"""
            curl -N {{{Some.Endpoint.Url}}}/v1/chat/completions \
              -H "Authorization: Bearer $HYPERVIZE_KEY" \
              -H "Content-Type: application/json" \
              -d '{"model": "it'\''s", "messages": [{"role": "user", "content": "Hello"}], "stream": true}'
            """, snippet);
    }

    [Theory]
    [InlineData("--dtype=float16 --runner=pooling", true)]
    [InlineData("--ctx-size 8192 --embeddings", true)]
    [InlineData("--ctx-size 8192 --jinja", false)]
    [InlineData(null, false)]
    public void What_embeds_is_told_by_how_its_runtime_is_started(string? arguments, bool embeds)
    {
        var created = new EndpointCreated(Some.EndpointId, Some.AccountId, Settings, 1, "laptop", Some.Now, new EndpointPlan("0", null, null, 8192, arguments, null, null));
        Assert.Equal(embeds, Snippets.IsEmbedding(Timeline.Entry(1, 0, "endpoint_created", created)));
        Assert.False(Snippets.IsEmbedding(null));
    }

    [Fact]
    public async Task Another_language_can_be_chosen_and_is_what_is_copied_then()
    {
        var page = Overview(Some.Endpoint);
        Assert.StartsWith("curl", page.Find(".call pre").TextContent, StringComparison.Ordinal);
        await page.InvokeAsync(() => page.FindAll(".languages input")[1].Change("on"));
        page.WaitForAssertion(() => Assert.StartsWith("import os", page.Find(".call pre").TextContent, StringComparison.Ordinal));
        Assert.Contains(page.FindAll(".call [data-copy]"), b => b.GetAttribute("data-copy")!.StartsWith("import os", StringComparison.Ordinal));
    }

    [Fact]
    public void Nodes_stand_with_their_status_and_none_is_explained()
    {
        var page = Overview(Some.Endpoint with { Nodes = [new("node-7", NodeStatus.Draining, Some.Now.AddMinutes(-2))] });
        var row = page.Find("tbody tr").TextContent;
        foreach (var said in (string[])["node-7", "Draining", "2 min ago"]) Assert.Contains(said, row);
        var asleep = Overview(Some.Endpoint with { Status = EndpointStatus.Hibernated, Nodes = [] });
        Assert.Contains("it sleeps and costs nothing", asleep.Markup);
    }

    [Fact]
    public void A_start_and_what_came_of_it_are_one_item_and_the_newest_stands_first()
    {
        var items = TimelineDisplay.Of([Created(1), Starting(2, "node-1"), Starting(3, "node-2"), Ready(4, "node-2"), Draining(5, "node-2"), Stopped(6, "node-2")]);
        Assert.Equal([6, 4, 2, 1], items.Select(i => i.Entry.Version));
        Assert.Equal([TimelineKind.Leaving, TimelineKind.Serving, TimelineKind.Starting, TimelineKind.Began], items.Select(i => i.Kind));
        Assert.Equal([5], items[0].Before.Select(e => e.Version));
        Assert.Equal([3], items[1].Before.Select(e => e.Version));
        Assert.Contains("\"hardware\": \"g5.xlarge\"", items[1].Details);
    }

    [Fact]
    public void What_failed_bears_its_typed_cause_and_settings_what_changed()
    {
        var lost = new NodeLost("node-1", new(FailureCode.StartTimedOut, "Too slow.", null), 1, null, Some.Now);
        var updated = new EndpointUpdated(Settings with { Scaling = new(1, 4, 300, 16), Telemetry = false }, [], "laptop", Some.Now);
        var items = TimelineDisplay.Of([Created(1), Starting(2, "node-1"), Timeline.Entry(3, 3, "node_lost", lost), Timeline.Entry(4, 4, "endpoint_updated", updated)]);
        Assert.Equal(["Fewest nodes: 0 → 1", "Logging and telemetry: on → off"], items[0].Changes);
        Assert.Equal(FailureCode.StartTimedOut, items[1].Failure?.Code);
        Assert.Equal([2], items[1].Before.Select(e => e.Version));
    }

    [Fact]
    public void What_this_dashboard_does_not_know_is_shown_all_the_same()
    {
        var item = Assert.Single(TimelineDisplay.Of([Timeline.Entry(1, 0, "endpoint_moved", new { nodeId = 7, failure = new { code = "meteor", message = "Boom." } })]));
        Assert.Equal((TimelineKind.Changed, (Failure?)null), (item.Kind, item.Failure));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(523)]
    public async Task A_timeline_is_read_from_its_end_also_when_nobody_says_where_that_is(int length)
    {
        var asked = 0;
        var log = new TimelineLog((after, limit) =>
        {
            asked++;
            var page = Enumerable.Range(1, length).Where(v => v > after).Take(limit).Select(v => Created(v)).ToList();
            return Task.FromResult(new TimelinePage(page, page.Count > 0 && page[^1].Version < length ? page[^1].Version : null));
        });
        await log.ReadNewAsync(null);
        Assert.Equal(length, log.Entries.Last().Version);
        Assert.Equal(Math.Min(50, length), log.Entries.Count);
        Assert.InRange(asked, 1, 25);
        while (log.HasOlder) await log.ReadOlderAsync();
        Assert.Equal(Enumerable.Range(1, length).Select(v => (long)v), log.Entries.Select(e => e.Version));
    }

    [Fact]
    public async Task The_timeline_is_read_on_when_something_happens_and_back_when_asked()
    {
        var entries = Enumerable.Range(1, 60).Select(v => Created(v)).ToList();
        Answers(entries);
        var page = Overview(Some.Endpoint with { Version = 60 });
        page.WaitForAssertion(() => Assert.Equal(50, page.FindAll(".timeline li").Count));
        Assert.Contains("endpoint_created 60.", page.Find(".timeline li").TextContent);

        entries.Add(Created(61));
        page.Render(p => p.Add(o => o.It, Some.Endpoint with { Version = 61 }));
        page.WaitForAssertion(() => Assert.Contains("endpoint_created 61.", page.Find(".timeline li").TextContent));

        await page.InvokeAsync(() => page.Find(".timeline .older").Click());
        page.WaitForAssertion(() => Assert.Equal(61, page.FindAll(".timeline li").Count));
        Assert.Empty(page.FindAll(".timeline .older"));
    }

    [Fact]
    public void Foreign_text_is_shown_as_text()
    {
        Answers([Timeline.Entry(1, 0, "node_lost", new NodeLost("<b>n</b>", new(FailureCode.NodeCrashed, "<img src=x>", "<script>"), 0, null, Some.Now))]);
        var page = Overview(Some.Endpoint with { Version = 1 });
        page.WaitForAssertion(() => Assert.Contains("<script>", page.Find(".timeline pre").TextContent));
        Assert.Empty(page.FindAll(".timeline script, .timeline img, .timeline b"));
    }

    [Theory]
    [InlineData(EndpointStatus.Waking, 30)]
    [InlineData(EndpointStatus.Building, 100)]
    public void How_long_a_start_takes_is_told_by_earlier_ones_of_its_kind(EndpointStatus status, int seconds)
    {
        var entries = new List<TimelineEntry> { At(1, 0, "endpoint_created"), At(2, 100, "node_ready"), At(3, 110, "node_ready") };
        foreach (var (begun, took) in ((int, int)[])[(200, 20), (300, 30), (400, 90)])
            entries.AddRange([At(begun, begun, "endpoint_woken"), At(begun + 1, begun + took, "node_ready")]);
        entries.AddRange([At(500, 500, "endpoint_woken"), At(501, 510, "endpoint_disabled"), At(502, 512, "node_ready")]);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Starts.Usual(entries, status));
        Assert.Null(Starts.Usual([], status));
    }

    private IRenderedComponent<OverviewTab> Overview(EndpointResource it) => Show<OverviewTab>(p => p.Add(o => o.It, it));

    // Pages as the platform gives them, by what the query says.
    private void Answers(List<TimelineEntry> entries) => Platform.Before = (path, _) =>
    {
        foreach (var (call, _) in Platform.Asked.Where(a => a.Call.StartsWith($"GET {Route}/events?", StringComparison.Ordinal)))
        {
            var query = Regex.Match(call, @"after=(\d+)&limit=(\d+)");
            var (after, limit) = (long.Parse(query.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(query.Groups[2].Value, CultureInfo.InvariantCulture));
            var page = entries.Where(e => e.Version > after).Take(limit).ToList();
            Platform.Answer(call, new TimelinePage(page, page.Count > 0 && page[^1].Version < entries[^1].Version ? page[^1].Version : null));
        }
        return Task.CompletedTask;
    };

    private static TimelineEntry At(long version, int seconds, string type) => Timeline.Entry(version, seconds, type, new { });

    private static TimelineEntry Created(long version) => Timeline.Entry(version, 0, "endpoint_created", new EndpointCreated(Some.EndpointId, Some.AccountId, Settings, 1, "laptop", Some.Now));

    private static TimelineEntry Starting(long version, string node) => Timeline.Entry(version, 1, "endpoint_provisioning", new EndpointProvisioning(node, "g5.xlarge", 1, Some.Now));

    private static TimelineEntry Ready(long version, string node) => Timeline.Entry(version, 2, "node_ready", new NodeReady(node, "http://127.0.0.1:1", "g5.xlarge", 1.006m, [], Some.Now, null, Some.Now));

    private static TimelineEntry Draining(long version, string node) => Timeline.Entry(version, 3, "node_draining", new NodeDraining(node, "scaled from 2 to 1", Some.Now));

    private static TimelineEntry Stopped(long version, string node) => Timeline.Entry(version, 4, "node_stopped", new NodeStopped(node, Some.Now));
}
