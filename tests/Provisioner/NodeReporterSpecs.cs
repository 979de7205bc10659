using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Telemetry;
using Hypervize.Provisioner.Tests.Parts;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>What is asked of nodes for the report about them.</summary>
public sealed class NodeReporterSpecs : IDisposable
{
    private const string Busy = "vllm:num_requests_running 3\nvllm:num_requests_waiting 2\nvllm:kv_cache_usage_perc 0.25\n";
    private readonly NodeProbe _probe = new();

    public void Dispose() => _probe.Dispose();

    [Fact]
    public async Task A_report_has_every_node_that_answers()
    {
        await using var first = await MetricsStandIn.StartAsync(_ => Task.FromResult(Busy));
        await using var second = await MetricsStandIn.StartAsync(_ => Task.FromResult("vllm:num_requests_running 0\n"));
        await using var silent = await MetricsStandIn.StartAsync(_ => Task.FromResult(""));
        await OnceAwakeAsync(first, second);
        var report = await AskAsync(first.Node("node-a"), second.Node("node-b"), silent.Node("node-c"));
        Assert.Equal([new(Endpoint, "node-a", 3, 2, 0.25), new(Endpoint, "node-b", 0, 0, null)], report!.Nodes.OrderBy(n => n.NodeId, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_an_answer_there_is_no_report()
    {
        await using var silent = await MetricsStandIn.StartAsync(_ => Task.FromResult(""));
        Assert.Null(await AskAsync(silent.Node("node-a"), silent.Node("node-b") with { Probe = new("/health", "no path", ["x"]) }));
    }

    [Fact]
    public async Task A_hung_node_is_left_out_and_holds_up_no_other()
    {
        var (asked, askedMeanwhile) = (0, new TaskCompletionSource<int>());
        await using var hung = await MetricsStandIn.StartAsync(async gaveUp =>
        {
            await Task.Delay(Timeout.Infinite, gaveUp).ContinueWith(_ => { }, TaskScheduler.Default);
            askedMeanwhile.TrySetResult(Volatile.Read(ref asked));
            return Busy;
        });
        await using var other = await MetricsStandIn.StartAsync(_ =>
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult(Busy);
        });
        await OnceAwakeAsync(other);
        asked = 0;
        var report = await AskAsync(hung.Node("node-hung"), other.Node("node-a"));
        Assert.Equal(["node-a"], report!.Nodes.Select(n => n.NodeId));
        Assert.Equal(1, await askedMeanwhile.Task);
    }

    [Fact]
    public async Task A_manifest_of_before_there_were_gauges_still_tells_how_to_ask_for_them()
    {
        var folder = new NodeFolder(Directory.CreateTempSubdirectory("hypervize-node-").FullName);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "node.json"), """
            {"nodeId":"node-a","endpointId":"endpt-0123456789ab","installation":"local","spec":{"model":"simulator/tiny","hardware":"g6.xlarge","runtime":"simulator","concurrency":4},
             "port":20000,"address":"http://127.0.0.1:20000",
             "probe":{"readiness":"/health","metrics":"/metrics","requestMetrics":["vllm:num_requests_running","vllm:num_requests_waiting"]},
             "spawnedAt":"2026-01-01T12:00:00Z","readyBy":"2026-01-01T12:02:00Z","boot":"b"}
            """);
        Assert.Equal(new(3, 2, 0.25), RuntimeGauges.Of(Busy, folder.Manifest!.Probe));
        folder.Delete();
    }

    // The first answer of a process may take a busy machine longer than a probe's patience.
    private async Task OnceAwakeAsync(params MetricsStandIn[] nodes)
    {
        foreach (var node in nodes) await Eventually.SomeAsync(() => AskAsync(node.Node("node-a")), "it answers");
    }

    private Task<Contracts.NodeReport?> AskAsync(params NodeManifest[] nodes) => NodeReporter.AskAsync(nodes, _probe, Noon, CancellationToken.None);
}
