using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Kit.Hub;
using Hypervize.Processes;
using Hypervize.Provisioner.Api;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Tests.Parts;
using Xunit.Abstractions;

namespace Hypervize.Provisioner.Tests;

/// <summary>The provisioner, from what endpoints ask to processes and back.</summary>
[Collection(OneInstallation.Name)]
public sealed class ProvisionerSpecs(Installation installation, ITestOutputHelper output)
{
    private EndpointStandIn Endpoints => installation.Endpoints;

    [Fact]
    public async Task A_wanted_node_is_intended_started_and_ready_in_this_order()
    {
        var asked = Now();
        var id = await Endpoints.CreateAsync("simulator/tiny?load=0.2");
        var ready = await ReadyAsync(id);
        Assert.Equal([typeof(CapacityAsked), typeof(NodeRequested), typeof(NodeStarted), typeof(NodeBecameReady)], Endpoints.Of(id).Select(f => f.GetType()));
        Assert.InRange(ready.RuntimeReadyAt!.Value, ready.SpawnedAt, ready.At);
        output.WriteLine($"asked → spawned {(ready.SpawnedAt - asked).TotalMilliseconds:0} ms, runtime ready → seen {(ready.At - ready.RuntimeReadyAt.Value).TotalMilliseconds:0} ms");
        using var http = new HttpClient();
        Assert.True((await http.GetAsync($"{ready.Address}/health")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_crashed_node_is_noticed_and_replaced()
    {
        var id = await Endpoints.CreateAsync();
        var first = await ReadyAsync(id);
        var killed = await KillAsync(first.NodeId);
        var failed = await FactAsync<NodeFailed>(id);
        output.WriteLine($"crash → noticed {(failed.At - killed).TotalMilliseconds:0} ms");
        Assert.Equal((first.NodeId, FailureCode.NodeCrashed, 0), (failed.NodeId, failed.Failure.Code, failed.FailedStarts));
        Assert.InRange(failed.At, killed, killed.AddSeconds(2));
        Assert.InRange(failed.LastHealthyAt!.Value, killed.AddSeconds(-2), failed.At);
        var second = await FactAsync<NodeBecameReady>(id, n => n.NodeId != first.NodeId);
        Assert.NotEqual(first.Address, second.Address);
    }

    [Fact]
    public async Task A_node_that_stops_answering_is_ended_and_replaced()
    {
        var id = await Endpoints.CreateAsync();
        var first = await RunningAsync((await ReadyAsync(id)).NodeId);
        await Replica.SignalAsync(first.Pid, "STOP");
        var failed = await FactAsync<NodeFailed>(id);
        Assert.Equal((first.NodeId, FailureCode.NodeUnresponsive), (failed.NodeId, failed.Failure.Code));
        Assert.InRange(failed.LastHealthyAt!.Value, DateTimeOffset.MinValue, failed.At.AddSeconds(-9));
        await FactAsync<NodeBecameReady>(id, n => n.NodeId != first.NodeId);
        await Eventually.TrueAsync(() => installation.Machine.Processes.All(p => p.NodeId != first.NodeId), "it is gone");
    }

    [Fact]
    public async Task Failing_starts_are_counted_with_their_last_words()
    {
        var id = await Endpoints.CreateAsync("simulator/tiny?load=0&fail-to-load");
        var third = await FactAsync<NodeFailed>(id, n => n.FailedStarts == 3);
        await Endpoints.WantAsync(id, 0);
        Assert.Equal([1, 2, 3], Endpoints.Of<NodeFailed>(id).Take(3).Select(n => n.FailedStarts));
        Assert.Equal([1, 2, 3], Endpoints.Of<NodeRequested>(id).Take(3).Select(n => n.Attempt));
        Assert.Equal(FailureCode.StartExited, third.Failure.Code);
        Assert.Contains("KV cache", third.Failure.Output);
        Assert.InRange(Encoding.UTF8.GetByteCount(third.Failure.Output!), 1, 4096);
        Assert.Null(third.LastHealthyAt);
    }

    [Fact]
    public async Task An_unknown_runtime_is_a_typed_failure()
    {
        var id = await Endpoints.CreateAsync(runtime: "abacus");
        Assert.Equal(FailureCode.RuntimeUnavailable, (await FactAsync<NodeFailed>(id)).Failure.Code);
        await Endpoints.WantAsync(id, 0);
    }

    [Fact]
    public async Task A_node_that_is_let_go_of_while_it_loads_is_stopped_at_once()
    {
        var id = await Endpoints.CreateAsync("simulator/tiny?load=1000");
        var started = await FactAsync<NodeStarted>(id);
        await Endpoints.ReleaseAsync(id, 0, started.NodeId);
        await FactAsync<NodeEnded>(id);
        Assert.DoesNotContain(await installation.Replica.NodesAsync(), n => n.EndpointId == id);
    }

    [Fact]
    public async Task Draining_waits_for_the_proxies_and_for_the_last_stream()
    {
        var id = await Endpoints.CreateAsync("simulator/tiny?load=0&tps=10");
        var ready = await ReadyAsync(id);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
        using var answer = await BeginStreamAsync(http, ready.Address, "simulator/tiny?load=0&tps=10", tokens: 60);
        var stream = ReadAsync(answer);
        await Endpoints.ReleaseAsync(id, 0, ready.NodeId);
        for (var reports = 0; reports < 4; reports++)
        {
            await Endpoints.ReportAsync(id, (ready.NodeId, 1));
            await Task.Delay(500);
        }
        // The proxy lets go of it; the node itself still has the stream.
        while (Endpoints.Of<NodeEnding>(id).Count == 0)
        {
            await Endpoints.ReportAsync(id, (ready.NodeId, 0));
            await Task.WhenAny(stream, Task.Delay(500));
        }
        var (text, endedAt) = await stream;
        Assert.EndsWith("data: [DONE]", text.TrimEnd());
        var ending = await FactAsync<NodeEnding>(id);
        Assert.Equal("drained", ending.Reason);
        // On a busy machine the client sees the end of its stream later than the node does.
        Assert.True(ending.At >= endedAt.AddMilliseconds(-500), $"The node was stopped at {ending.At:O}, its last stream ended at {endedAt:O}.");
        await FactAsync<NodeEnded>(id);
    }

    [Fact]
    public async Task How_busy_a_node_is_is_reported_while_it_serves()
    {
        var id = await Endpoints.CreateAsync("simulator/tiny?load=0&tps=10");
        var ready = await ReadyAsync(id);
        using var http = new HttpClient();
        using var answer = await BeginStreamAsync(http, ready.Address, "simulator/tiny?load=0&tps=10", tokens: 1000);
        var busy = await Eventually.SomeAsync(() => Endpoints.GaugesOf(id).FirstOrDefault(n => n.Running > 0), "it is reported", () => installation.Log);
        Assert.Equal(new(id, ready.NodeId, 1, 0, 0.25), busy);
    }

    [Fact]
    public async Task A_killed_provisioner_finds_its_nodes_and_what_was_asked_meanwhile()
    {
        var id = await Endpoints.CreateAsync();
        var first = await ReadyAsync(id);
        var gone = await Endpoints.CreateAsync();
        var lost = await ReadyAsync(gone);
        var forgotten = await Endpoints.CreateAsync();
        await ReadyAsync(forgotten);
        await installation.Replica.KillAsync();
        Endpoints.WantUnheard(id, 2);
        Endpoints.Forget(forgotten);
        var killed = await KillAsync(lost.NodeId);
        await installation.StartAsync();

        await FactAsync<NodeBecameReady>(id, n => n.NodeId != first.NodeId);
        Assert.Equal(2, Endpoints.Of<NodeRequested>(id).Count);
        Assert.Contains(await installation.Replica.NodesAsync(), n => n.NodeId == first.NodeId && n.LastHealthyAt > killed);
        var failed = await FactAsync<NodeFailed>(gone);
        Assert.InRange(failed.LastHealthyAt!.Value, killed.AddSeconds(-2), killed.AddSeconds(2));
        await FactAsync<NodeEnded>(forgotten);
    }

    [Fact]
    public async Task Another_replica_takes_over()
    {
        var id = await Endpoints.CreateAsync();
        var first = await ReadyAsync(id);
        var leader = installation.Replica;
        await installation.StartAsync();
        await leader.KillAsync();
        await KillAsync(first.NodeId);
        await FactAsync<NodeBecameReady>(id, n => n.NodeId != first.NodeId);
        Assert.Equal(2, Endpoints.Of<NodeRequested>(id).Count);
    }

    [Fact]
    public async Task Without_a_broker_nodes_are_looked_after_all_the_same()
    {
        await installation.Replica.KillAsync();
        var cutOff = await installation.StartAsync(new Uri("amqp://nobody@127.0.0.1:9"));
        var id = EndpointStandIn.NewId();
        Endpoints.CreateUnheard(id);
        await Eventually.TrueAsync(async () => (await cutOff.NodesAsync()).Any(n => n.EndpointId == id && n.ReadyAt is not null), "it runs", () => installation.Log);
        await cutOff.KillAsync();
        await installation.StartAsync();
        await ReadyAsync(id);
    }

    [Fact]
    public async Task A_node_that_no_stream_claims_is_ended()
    {
        await installation.Machine.NewRun().SpawnAsync(EndpointStandIn.NewId(), new CapacityNode("node-orphan", Some.Spec, NodePhase.Requested, Now(), 1, null), new(null, null), new(null), null, CancellationToken.None);
        await Eventually.TrueAsync(() => installation.Machine.Processes.All(p => p.NodeId != "node-orphan"), "the orphan is gone", () => installation.Log);
    }

    [Fact]
    public async Task No_secret_of_the_platform_reaches_a_node()
    {
        var node = await RunningAsync((await ReadyAsync(await Endpoints.CreateAsync())).NodeId);
        var variables = Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{node.Pid}/environ"));
        Assert.Contains($"{NodeEnvironment.NodeTag}={node.NodeId}", variables);
        Assert.DoesNotContain("Postgres__", variables);
        Assert.DoesNotContain(installation.SigningKey, variables);
        Assert.DoesNotContain("amqp://", variables);
        Assert.DoesNotContain("of-the-platform", variables);
    }

    [Fact]
    public async Task A_node_joins_the_trace_of_what_asked_for_it()
    {
        using var listening = new ActivityListener { ShouldListenTo = _ => true, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listening);
        using var source = new ActivitySource("test");
        string id;
        ActivityTraceId trace;
        using (var request = source.StartActivity("create"))
        {
            trace = request!.TraceId;
            id = await Endpoints.CreateAsync();
        }
        var node = await RunningAsync((await ReadyAsync(id)).NodeId);
        Assert.Contains($"TRACEPARENT=00-{trace}-", Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{node.Pid}/environ")));
    }

    [Fact]
    public async Task An_owner_reads_what_the_nodes_print_and_nobody_else_does()
    {
        var id = await Endpoints.CreateAsync(telemetry: true);
        var node = await ReadyAsync(id);
        var path = $"/v1/endpoints/{id}/logs?tail=5";
        Assert.Contains($"{node.NodeId} | ", await (await installation.Replica.GetAsync(path, Some.Account)).Content.ReadAsStringAsync());
        using var json = JsonDocument.Parse(await (await installation.Replica.GetAsync(path, Some.Account, "application/json")).Content.ReadAsStringAsync());
        Assert.Equal(node.NodeId, json.RootElement.GetProperty("nodes")[0].GetProperty("nodeId").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await installation.Replica.GetAsync(path, "acct-another")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await installation.Replica.GetAsync($"/v1/endpoints/{EndpointStandIn.NewId()}/logs", Some.Account)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs?tail=0", Some.Account)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await installation.Replica.GetAsync("/internal/nodes", Some.Account)).StatusCode);
    }

    [Fact]
    public async Task Without_telemetry_nothing_of_what_nodes_print_is_shown()
    {
        var id = await Endpoints.CreateAsync();
        await ReadyAsync(id);
        foreach (var accept in (string[])["text/plain", "application/json"])
        {
            using var answer = await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", Some.Account, accept);
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal((HttpStatusCode.Conflict, "telemetry_off"), (answer.StatusCode, problem.RootElement.GetProperty("code").GetString()));
            Assert.Contains($"endpoints update {id} --telemetry", problem.RootElement.GetProperty("detail").GetString());
        }
        Assert.Equal(HttpStatusCode.NotFound, (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", "acct-another")).StatusCode);
    }

    [Fact]
    public async Task A_switch_of_telemetry_shows_and_hides_what_the_same_nodes_print()
    {
        var id = await Endpoints.CreateAsync();
        var node = await ReadyAsync(id);
        await Endpoints.SwitchTelemetryAsync(id, true);
        await Eventually.TrueAsync(async () => (await LogsAsync(id)).Contains($"{node.NodeId} | ", StringComparison.Ordinal), "its output is shown");
        await Endpoints.SwitchTelemetryAsync(id, false);
        await Eventually.TrueAsync(async () => (await LogsAsync(id)).Contains("telemetry_off", StringComparison.Ordinal), "it is hidden again");
        Assert.Single(Endpoints.Of<NodeRequested>(id));
        Assert.Empty(Endpoints.Of<NodeEnding>(id));
    }

    [Fact]
    public async Task Other_services_read_every_fact()
    {
        var id = await Endpoints.CreateAsync();
        await ReadyAsync(id);
        var facts = await ReadAsync<CapacityChanged>($"/internal/capacity/{id}/events?after=1");
        Assert.Equal([2, 3, 4], facts.Select(f => f.Version));
        Assert.Contains(new StreamVersion(id, 4), await ReadAsync<StreamVersion>("/internal/capacity/versions"));
    }

    [Fact]
    public async Task A_node_starts_when_its_weights_are_there_though_the_provisioner_was_killed_while_they_came()
    {
        var model = installation.Hub.Put("me/fetched", Weights());
        var (half, go) = HalfOf(model);
        var id = await Endpoints.CreateAsync(new NodeWeights(model.Id, model.Revision, null));
        await half;
        await Eventually.TrueAsync(async () => (await LogsAsync(id)).Contains("weights | Fetching me/fetched", StringComparison.Ordinal), "its owner sees how far it is, without telemetry, too");
        Assert.Empty(Endpoints.Of<NodeStarted>(id));
        await installation.Replica.KillAsync();
        go();
        await installation.StartAsync();

        var ready = await ReadyAsync(id);
        Assert.Equal(new WeightLoad(2_000_002, WasCached: false), ready.Weights);
        await Endpoints.SwitchTelemetryAsync(id, true);
        await Eventually.TrueAsync(async () => (await LogsAsync(id)).Contains("model.safetensors", StringComparison.Ordinal), "they are what it loaded");
        Assert.Single(Endpoints.Of<NodeRequested>(id));

        var next = await Endpoints.CreateAsync(new NodeWeights(model.Id, model.Revision, null));
        Assert.Equal(new WeightLoad(2_000_002, WasCached: true), (await ReadyAsync(next)).Weights);
    }

    [Fact]
    public async Task A_node_that_is_let_go_of_while_its_weights_come_ends_and_they_stop_coming()
    {
        var model = installation.Hub.Put("me/unwanted", Weights());
        var (half, go) = HalfOf(model);
        var id = await Endpoints.CreateAsync(new NodeWeights(model.Id, model.Revision, null));
        await half;
        await Endpoints.ReleaseAsync(id, 0, (await FactAsync<NodeRequested>(id)).NodeId);
        await FactAsync<NodeEnded>(id);
        await Eventually.TrueAsync(async () => !(await LogsAsync(id)).Contains("Fetching", StringComparison.Ordinal), "it is given up");
        Assert.Empty(Endpoints.Of<NodeStarted>(id));
        go();
    }

    [Fact]
    public async Task A_node_whose_endpoint_has_lost_its_access_says_so()
    {
        var model = installation.Hub.Put("me/closed", Weights(), gated: "manual");
        var id = await Endpoints.CreateAsync(new NodeWeights(model.Id, model.Revision, null));
        Assert.Equal(FailureCode.ModelAccessDenied, (await FactAsync<NodeFailed>(id)).Failure.Code);
        await Endpoints.WantAsync(id, 0);
    }

    private static Dictionary<string, byte[]> Weights() => new() { ["config.json"] = "{}"u8.ToArray(), ["model.safetensors"] = RandomNumberGenerator.GetBytes(2_000_000) };

    // The Hub gives half of the weights and then nothing, until it is told to go on.
    private (Task Half, Action Go) HalfOf(HubModel model)
    {
        var (half, goes) = (new TaskCompletionSource(), false);
        installation.Hub.Interfere = async http =>
        {
            if (goes || http.Request.Path.Value != $"/{model.Id}/resolve/{model.Revision}/model.safetensors") return false;
            http.Response.ContentLength = 2_000_000;
            await http.Response.Body.WriteAsync(model.Files["model.safetensors"].AsMemory(0, 1_048_576));
            await http.Response.Body.FlushAsync();
            half.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        return (half.Task, () => goes = true);
    }

    private async Task<string> LogsAsync(string id) => await (await installation.Replica.GetAsync($"/v1/endpoints/{id}/logs", Some.Account)).Content.ReadAsStringAsync();

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string path) =>
        JsonSerializer.Deserialize<IReadOnlyList<T>>(await (await installation.Replica.GetAsync(path, null)).Content.ReadAsStringAsync(), Hosting.Json.Options)!;

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();

    private Task<NodeBecameReady> ReadyAsync(string id) => FactAsync<NodeBecameReady>(id);

    private Task<T> FactAsync<T>(string id, Func<T, bool>? which = null) where T : CapacityEvent => Eventually.SomeAsync(
        () => Endpoints.Of<T>(id).FirstOrDefault(which ?? (_ => true)), typeof(T).Name, () => $"{string.Join('\n', Endpoints.Of(id))}\n{installation.Log}");

    private async Task<RunningNode> RunningAsync(string nodeId) => (await installation.Replica.NodesAsync()).Single(n => n.NodeId == nodeId);

    private async Task<DateTimeOffset> KillAsync(string nodeId)
    {
        var process = new NodeFolder(Path.Combine(installation.Machine.Settings.NodesDirectory, nodeId)).Process!;
        var at = Now();
        process.Signal(PosixSignalNumber.Kill);
        await Eventually.TrueAsync(() => !process.IsAlive, $"{nodeId} is gone");
        return at;
    }

    private static async Task<HttpResponseMessage> BeginStreamAsync(HttpClient http, string address, string model, int tokens)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/v1/chat/completions")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { model, stream = true, max_tokens = tokens, messages = new[] { new { role = "user", content = "Count." } } }), Encoding.UTF8, "application/json"),
        };
        return (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)).EnsureSuccessStatusCode();
    }

    private static async Task<(string Text, DateTimeOffset EndedAt)> ReadAsync(HttpResponseMessage answer) => (await answer.Content.ReadAsStringAsync(), Now());
}
