using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Processes;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Tests.Parts;

namespace Hypervize.Provisioner.Tests.Logs;

/// <summary>Who follows what the nodes of an endpoint print, at the provisioner as it is run.</summary>
[Collection(OneInstallation.Name)]
public sealed class LogStreamSpecs(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private EndpointStandIn Endpoints => installation.Endpoints;

    [Fact]
    public async Task A_follower_sees_the_last_lines_and_what_is_added_and_goes_on_where_it_left()
    {
        var (id, node) = await RunningAsync();
        Print(node, "before\n");
        var heard = await FollowAsync(id, "?tail=1", null, e => { if (e.Type == "node") Print(node, "2026-11-28T12:00:00.500Z fail: X[0] Broken\n"); }, until: e => Lines(e).Any(l => l.Level == OutputLevel.Error));
        Assert.Equal(("node", node, true), (heard[0].Type, Of<FollowedNode>(heard[0]).NodeId, Of<FollowedNode>(heard[0]).Running));
        Assert.Equal(
            [new OutputLine(node, null, null, "before"), new OutputLine(node, new(2026, 11, 28, 12, 0, 0, 500, TimeSpan.Zero), OutputLevel.Error, "2026-11-28T12:00:00.500Z fail: X[0] Broken")],
            heard.SelectMany(Lines));

        Print(node, "meanwhile\n");
        var more = await FollowAsync(id, "", heard[^1].Id, _ => { }, until: e => Lines(e).Any());
        Assert.Equal(["meanwhile"], more.SelectMany(Lines).Select(l => l.Text));
        Assert.Contains("before", (await FollowAsync(id, "", "of another kind", _ => { }, until: e => Lines(e).Any())).SelectMany(Lines).Select(l => l.Text));
    }

    [Fact]
    public async Task A_node_that_begins_or_ends_is_told_with_all_that_it_printed()
    {
        var (id, first) = await RunningAsync();
        var begun = false;
        var heard = await FollowAsync(id, "", null, e =>
        {
            if (begun) return;
            begun = true;
            _ = Endpoints.WantAsync(id, 2);
        }, until: e => Lines(e).Any(l => l.NodeId != first && l.Text.Contains("is ready", StringComparison.Ordinal)));
        var second = Of<FollowedNode>(heard.Last(e => e.Type == "node")).NodeId;
        Assert.Equal([first, second], heard.Where(e => e.Type == "node").Select(e => Of<FollowedNode>(e).NodeId));
        Assert.Contains(heard.SelectMany(Lines), l => l.NodeId == second && l.Text.Contains("listens on", StringComparison.Ordinal));

        new NodeFolder(Path.GetDirectoryName(OutputOf(second))!).Process!.Signal(PosixSignalNumber.Kill);
        await FollowAsync(id, "", heard[^1].Id, _ => { }, until: e => e.Type == "node" && Of<FollowedNode>(e) is { Running: false } ended && ended.NodeId == second);
        var later = await FollowAsync(id, "", null, _ => { }, until: e => Lines(e).Any(l => l.NodeId == second));
        Assert.Contains(later, e => e.Type == "node" && Of<FollowedNode>(e) is { Running: false } ended && ended.NodeId == second);
    }

    [Fact]
    public async Task It_ends_when_telemetry_is_switched_off_and_when_the_endpoint_is_deleted()
    {
        var (id, _) = await RunningAsync();
        var heard = await FollowAsync(id, "", null, e => _ = e.Type == "node" ? Endpoints.SwitchTelemetryAsync(id, false) : null, until: _ => false);
        Assert.Equal("telemetry_off", Of<OutputEnd>(heard[^1]).Code);
        Assert.Equal(HttpStatusCode.Conflict, (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", Some.Account, "text/event-stream")).StatusCode);

        await Endpoints.SwitchTelemetryAsync(id, true);
        await Eventually.TrueAsync(async () => (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", Some.Account)).IsSuccessStatusCode, "it is on again");
        heard = await FollowAsync(id, "", null, e => _ = e.Type == "node" ? Endpoints.DeleteAsync(id) : null, until: _ => false);
        Assert.Equal(("end", "endpoint_deleted"), (heard[^1].Type, Of<OutputEnd>(heard[^1]).Code));
    }

    [Fact]
    public async Task It_is_refused_as_a_single_look_is()
    {
        var (id, _) = await RunningAsync();
        foreach (var (path, account, status) in ((string, string, HttpStatusCode)[])[
            ($"/v1/endpoints/{id}/logs", "acct-another", HttpStatusCode.NotFound), ($"/v1/endpoints/{EndpointStandIn.NewId()}/logs", Some.Account, HttpStatusCode.NotFound),
            ($"/v1/endpoints/{id}/logs?tail=0", Some.Account, HttpStatusCode.UnprocessableEntity)])
        {
            using var answer = await installation.Replica.GetAsync(path, account, "text/event-stream");
            Assert.Equal((path, status, "application/problem+json"), (path, answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        }
    }

    [Fact]
    public async Task Without_telemetry_it_tells_how_far_weights_are_and_no_more()
    {
        var model = installation.Hub.Put("me/awaited", new Dictionary<string, byte[]> { ["config.json"] = "{}"u8.ToArray(), ["model.safetensors"] = new byte[2_000_000] });
        var go = new TaskCompletionSource();
        installation.Hub.Interfere = async http =>
        {
            if (http.Request.Path.Value != $"/{model.Id}/resolve/{model.Revision}/model.safetensors") return false;
            await go.Task.WaitAsync(http.RequestAborted);
            return false;
        };
        var id = await Endpoints.CreateAsync(new NodeWeights(model.Id, model.Revision, null));
        await Eventually.TrueAsync(async () => (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", Some.Account)).IsSuccessStatusCode, "it is fetched");
        var heard = await FollowAsync(id, "", null, e => go.TrySetResult(), until: _ => false);
        Assert.Contains(heard, e => e.Type == "fetching" && Of<string[]>(e) is [var line] && line.Contains("me/awaited", StringComparison.Ordinal));
        Assert.Empty(Of<string[]>(heard.Last(e => e.Type == "fetching")));
        Assert.Equal(("end", "telemetry_off"), (heard[^1].Type, Of<OutputEnd>(heard[^1]).Code));
        Assert.DoesNotContain(heard, e => e.Type is "lines" or "node");
    }

    [Fact]
    public async Task A_service_that_stops_waits_for_no_follower_who_goes_on_at_the_next()
    {
        var (id, node) = await RunningAsync();
        var stopping = Task.CompletedTask;
        var heard = await FollowAsync(id, "", null, e => { if (stopping.IsCompletedSuccessfully && e.Type == "lines") stopping = installation.Replica.TerminateAsync(); }, until: _ => false);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotEqual("end", heard[^1].Type);
        await installation.StartAsync();
        Print(node, "meanwhile\n");
        var more = await FollowAsync(id, "", heard.Last(e => e.Id is not null).Id, _ => { }, until: e => Lines(e).Any(l => l.Text == "meanwhile"));
        Assert.Equal(more.SelectMany(Lines).Select(l => l.Text).Distinct(), more.SelectMany(Lines).Select(l => l.Text));
        Assert.Empty(heard.SelectMany(Lines).Intersect(more.SelectMany(Lines)));
    }

    private async Task<(string Id, string Node)> RunningAsync()
    {
        var id = await Endpoints.CreateAsync(telemetry: true);
        var node = await Eventually.SomeAsync(() => (Endpoints.Of<NodeBecameReady>(id) is [var first, ..] ? first : null), "it is ready", () => installation.Log);
        // Its last line of its own.
        await Eventually.TrueAsync(() => File.ReadAllText(OutputOf(node.NodeId)).Contains("is ready", StringComparison.Ordinal), "it says so");
        return (id, node.NodeId);
    }

    // Until an event, which is the last of what is returned, or the stream's end.
    private async Task<List<ServerEvent>> FollowAsync(string id, string query, string? lastEventId, Action<ServerEvent> then, Func<ServerEvent, bool> until, [CallerMemberName] string who = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        var heard = new List<ServerEvent>();
        try
        {
            await foreach (var e in installation.Replica.EventsAsync($"/v1/endpoints/{id}/logs{query}", Some.Account, lastEventId, patience.Token))
            {
                heard.Add(e);
                if (until(e)) break;
                then(e);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{who} heard only\n{string.Join('\n', heard)}\n{installation.Log}");
        }
        return heard;
    }

    private static IEnumerable<OutputLine> Lines(ServerEvent e) => e.Type == "lines" ? Of<OutputLine[]>(e) : [];

    private static T Of<T>(ServerEvent e) => JsonSerializer.Deserialize<T>(e.Data, Json.Options)!;

    private string OutputOf(string node) => Path.Combine(installation.Machine.Settings.NodesDirectory, node, "output.log");

    private void Print(string node, string text) => File.AppendAllText(OutputOf(node), text);
}
