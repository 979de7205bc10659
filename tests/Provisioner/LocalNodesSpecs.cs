using System.Net;
using System.Net.Sockets;
using Hypervize.Contracts;
using Hypervize.Processes;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Tests.Parts;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests;

/// <summary>Nodes as processes of a real machine.</summary>
public sealed class LocalNodesSpecs
{
    [Fact]
    public async Task A_node_becomes_ready_and_says_when()
    {
        await using var machine = new Machine();
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a", "simulator/tiny?load=0.1"));
        await Eventually.TrueAsync(() => nodes.Find("node-a")!.Seen.ReadyAt is not null, "ready", () => nodes.Find("node-a")!.Folder.Output.LastWords() ?? "no output");
        var seen = nodes.Find("node-a")!.Seen;
        Assert.InRange(seen.RuntimeReadyAt!.Value, seen.SpawnedAt, seen.ReadyAt!.Value);
        Assert.InRange(seen.LastHealthyAt!.Value, seen.ReadyAt.Value, DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task A_node_has_a_session_of_its_own_so_that_it_outlives_who_started_it()
    {
        await using var machine = new Machine();
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a"));
        var pid = nodes.Find("node-a")!.Process.Pid;
        Assert.Equal(pid, ProcessStat.Of(pid)!.Session);
    }

    [Fact]
    public async Task A_node_is_started_once_however_many_start_it()
    {
        await using var machine = new Machine();
        var runs = Enumerable.Range(0, 4).Select(_ => machine.NewRun()).ToList();
        await SpawnAsync(runs[0], Node("node-a"));
        new NodeFolder(Path.Combine(machine.Settings.NodesDirectory, "node-b")).Write(runs[0].Find("node-a")!.Manifest with { NodeId = "node-b" });
        await Task.WhenAll(runs.Select(run => Task.Run(() => SpawnAsync(run, Node("node-b")))));
        Assert.Single(runs.Select(r => r.Find("node-b")!.Process.Pid).Distinct());
        await Eventually.TrueAsync(() => machine.Processes.Count(p => p.NodeId == "node-b") == 1, "one process");
    }

    [Fact]
    public async Task A_new_run_finds_what_runs()
    {
        await using var machine = new Machine();
        await SpawnAsync(machine.NewRun(), Node("node-a"));
        var later = machine.NewRun();
        later.Scan();
        Assert.True(later.Find("node-a")!.Seen.IsAlive);
        Assert.Equal(Endpoint, later.Find("node-a")!.Manifest.EndpointId);
    }

    [Fact]
    public async Task The_end_of_a_node_is_seen_with_its_exit_code()
    {
        await using var machine = new Machine();
        machine.Settings.Runtimes["fails"] = new() { Command = "sh -c \"echo out of memory; exit 7\"" };
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a", runtime: "fails"));
        var seen = await Eventually.SomeAsync(() => nodes.Find("node-a")!.Seen is { IsAlive: false } gone ? gone : null, "gone");
        Assert.Equal(7, seen.ExitCode);
        Assert.Equal("out of memory", nodes.Find("node-a")!.Folder.Output.LastWords());
    }

    [Fact]
    public async Task What_ended_while_nobody_looked_ended_when_it_was_last_seen()
    {
        await using var machine = new Machine();
        var first = machine.NewRun();
        await SpawnAsync(first, Node("node-a"));
        first.Dispose();
        await first.Find("node-a")!.Watching;
        var process = first.Find("node-a")!.Process;
        process.Signal(PosixSignalNumber.Kill);
        await Eventually.TrueAsync(() => !process.IsAlive, "gone");

        var later = machine.NewRun();
        later.Scan();
        Assert.Equal(first.Find("node-a")!.Folder.Seen!.LastAliveAt, later.Find("node-a")!.Seen.GoneAt);
    }

    [Fact]
    public async Task A_stranger_with_the_same_pid_is_not_the_node()
    {
        await using var machine = new Machine();
        var first = machine.NewRun();
        await SpawnAsync(first, Node("node-a"));
        var node = first.Find("node-a")!;
        first.Dispose();
        var stat = await File.ReadAllTextAsync(node.Folder.ProcessFile);
        await File.WriteAllTextAsync(node.Folder.ProcessFile, stat.Replace($" {node.Process.StartTicks} ", $" {node.Process.StartTicks - 1000} "));

        var later = machine.NewRun();
        later.Scan();
        Assert.False(later.Find("node-a")!.Seen.IsAlive);
        later.Find("node-a")!.Terminate();
        Assert.True(node.Process.IsAlive);
    }

    [Fact]
    public async Task A_stranger_who_answers_on_its_port_does_not_make_a_node_ready()
    {
        await using var machine = new Machine();
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a", runtime: "sleep"));
        var node = nodes.Find("node-a")!;
        using var stranger = new HttpListener { Prefixes = { $"http://127.0.0.1:{node.Manifest.Port}/" } };
        stranger.Start();
        for (var answers = 0; answers < 3; answers++)
        {
            var context = await stranger.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(60));
            context.Response.StatusCode = 200;
            context.Response.Close();
        }
        Assert.Null(node.Seen.ReadyAt);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_not_given()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var machine = new Machine(ports: $"{port}-{port}");
        var refused = await Assert.ThrowsAsync<CannotStartException>(() => SpawnAsync(machine.NewRun(), Node("node-a")));
        Assert.Equal(FailureCode.CapacityUnavailable, refused.Failure.Code);
    }

    [Fact]
    public async Task Workers_that_outlive_their_node_are_ended()
    {
        await using var machine = new Machine();
        machine.Settings.Runtimes["parent"] = new() { Command = "sh -c \"setsid sleep 1000 & sleep 1001\"" };
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a", runtime: "parent"));
        await Eventually.TrueAsync(() => machine.Processes.Count == 3, "the shell and its two workers run");
        nodes.Find("node-a")!.Process.Signal(PosixSignalNumber.Kill);
        await Eventually.TrueAsync(() => machine.Processes.Count == 0, "all are gone");
    }

    [Fact]
    public async Task A_process_that_lost_its_folder_is_ended_once_it_is_not_young()
    {
        await using var machine = new Machine();
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a"));
        var node = nodes.Find("node-a")!;
        nodes.Dispose();
        Directory.Delete(node.Folder.Path, recursive: true);

        var later = machine.NewRun();
        later.Scan();
        later.EndStrays(spared: TimeSpan.FromHours(1));
        Assert.True(node.Process.IsAlive);
        later.EndStrays(spared: TimeSpan.Zero);
        await Eventually.TrueAsync(() => machine.Processes.Count == 0, "it is gone");
    }

    [Fact]
    public async Task What_another_installation_runs_is_left_alone()
    {
        await using var machine = new Machine();
        var nodes = machine.NewRun();
        await SpawnAsync(nodes, Node("node-a"));
        await using var other = new Machine();
        other.NewRun().EndStrays(spared: TimeSpan.Zero);
        var sameFolder = new LocalSettings { DataDirectory = machine.Settings.DataDirectory, Installation = "other" };
        Assert.Empty(ProcessTable.Of(sameFolder.Installation, sameFolder.NodesDirectory));
        // Beside it what tidies up behind its start may still run.
        Assert.True(nodes.Find("node-a")!.Process.IsAlive);
    }

    [Fact]
    public async Task Folders_of_nodes_that_ended_are_kept_for_a_while()
    {
        await using var machine = new Machine();
        machine.Settings.Runtimes["true"] = new() { Command = "true" };
        var nodes = machine.NewRun();
        for (var i = 0; i < 52; i++) await SpawnAsync(nodes, Node($"node-{i:000}", runtime: "true"));
        await Eventually.TrueAsync(() => nodes.All.All(n => !n.Seen.IsAlive), "all have ended");
        nodes.TidyUp();
        Assert.Equal(50, Directory.GetDirectories(machine.Settings.NodesDirectory).Length);
        Assert.Equal(50, nodes.All.Count());
    }

    [Theory]
    [InlineData("unknown", "simulator/tiny", "no runtime 'unknown'")]
    [InlineData("command", "simulator/tiny", "Local__Runtimes__command__Command")]
    [InlineData("missing", "simulator/tiny", "'no-such-program'")]
    [InlineData("careless", "--help", "would be read as an option")]
    public async Task What_cannot_run_is_said_with_advice_and_leaves_nothing(string runtime, string model, string advice)
    {
        await using var machine = new Machine();
        machine.Settings.Runtimes["missing"] = new() { Command = "no-such-program {model}" };
        machine.Settings.Runtimes["careless"] = new() { Command = "sleep {model}" };
        var refused = await Assert.ThrowsAsync<CannotStartException>(() => SpawnAsync(machine.NewRun(), Node("node-a", model, runtime)));
        Assert.Equal(FailureCode.RuntimeUnavailable, refused.Failure.Code);
        Assert.Contains(advice, refused.Failure.Message);
        Assert.Empty(Directory.Exists(machine.Settings.NodesDirectory) ? Directory.GetDirectories(machine.Settings.NodesDirectory) : []);
    }

    private static CapacityNode Node(string id, string model = "simulator/tiny", string? runtime = null) =>
        new(id, Spec with { Model = model, Runtime = runtime ?? (model.Contains('?') ? "simulator" : "sleep") }, NodePhase.Requested, Noon, 2, null);

    private static Task SpawnAsync(LocalNodes nodes, CapacityNode node) => nodes.SpawnAsync(Endpoint, node, new(null, null), new(null), null, CancellationToken.None);
}
