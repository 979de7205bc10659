using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Reconciling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>A place for nodes on this machine. Nothing that was started there outlives it.</summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly List<LocalNodes> _runs = [];
    private readonly NodeProbe _probe = new();

    public Machine(string ports = "20000-29999")
    {
        Settings = new()
        {
            DataDirectory = Directory.CreateTempSubdirectory("hypervize-nodes-").FullName, Installation = $"test-{Guid.NewGuid():N}", Ports = ports,
            Simulator = typeof(Simulator.Behaviour).Assembly.Location,
        };
        Settings.Runtimes["sleep"] = new() { Command = "sleep 1000", RequestMetrics = "" };
    }

    public LocalSettings Settings { get; }

    public DueEndpoints Due { get; } = new(TimeProvider.System);

    /// <summary>What a new run of the provisioner would know: nothing, until it looks.</summary>
    public LocalNodes NewRun()
    {
        var run = new LocalNodes(Settings, new Launch(Settings), new Ports(Settings), _probe, Due, TimeProvider.System, NullLogger<LocalNodes>.Instance);
        _runs.Add(run);
        return run;
    }

    /// <summary>All processes that bear the tags of this place.</summary>
    public IReadOnlyList<ProcessTable.Tagged> Processes => ProcessTable.Of(Settings.Installation, Settings.NodesDirectory);

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs) run.Dispose();
        while (Processes is { Count: > 0 } left)
        {
            foreach (var (_, process) in left) process.Signal(Hypervize.Processes.PosixSignalNumber.Kill);
            await Task.Delay(20);
        }
        await Task.WhenAll(_runs.SelectMany(r => r.All).Select(n => n.Watching));
        _probe.Dispose();
        Due.Dispose();
        Directory.Delete(Settings.DataDirectory, recursive: true);
    }
}
