using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Processes;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Reconciling;
using Hypervize.Provisioner.Weights;

namespace Hypervize.Provisioner.Local;

/// <summary>The nodes of this machine: what runs is found by the folders it runs in, whoever started it.</summary>
/// <param name="settings">Where and how nodes run.</param>
/// <param name="launch">Starts processes.</param>
/// <param name="ports">Gives ports.</param>
/// <param name="probe">Asks nodes.</param>
/// <param name="due">Told when something was seen.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class LocalNodes(
    LocalSettings settings, Launch launch, Ports ports, NodeProbe probe, DueEndpoints due, TimeProvider time, ILogger<LocalNodes> log) : BackgroundService
{
    private const int EndedFoldersKept = 50;
    private static readonly TimeSpan ScanEach = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClaimWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan NeverStartedKept = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, LocalNode> _nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _starting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _choosingPort = new(1);

    /// <summary>Every node that is known, ended ones included while their folders are kept.</summary>
    public IEnumerable<LocalNode> All => _nodes.Values;

    /// <summary>The nodes of an endpoint.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public IReadOnlyList<LocalNode> Of(string endpointId) => [.. _nodes.Values.Where(n => n.Manifest.EndpointId == endpointId)];

    /// <summary>A node; null when it is not known.</summary>
    /// <param name="nodeId">The node.</param>
    public LocalNode? Find(string nodeId) => _nodes.GetValueOrDefault(nodeId);

    /// <summary>Finds nodes that were started by others: an earlier run of the provisioner, or another replica.</summary>
    public void Scan()
    {
        Directory.CreateDirectory(settings.NodesDirectory);
        foreach (var folder in Directory.EnumerateDirectories(settings.NodesDirectory).Select(path => new NodeFolder(path)))
        {
            if (_nodes.ContainsKey(folder.NodeId) || _starting.ContainsKey(folder.NodeId)) continue;
            if (folder.Manifest is { } manifest && manifest.Installation == settings.Installation && folder.Process is { } process) Observe(folder, manifest, process, exit: null);
        }
    }

    /// <summary>Starts a node. Its id is the token: one that was started, by whomever, is not started again.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="node">What is intended.</param>
    /// <param name="files">What it loads.</param>
    /// <param name="secrets">For its environment alone.</param>
    /// <param name="traceParent">The trace its start belongs to.</param>
    /// <param name="cancel">Stops waiting for it; it may have been started all the same.</param>
    /// <exception cref="CannotStartException">It can't be started.</exception>
    public async Task SpawnAsync(string endpointId, CapacityNode node, NodeFiles files, NodeSecrets secrets, string? traceParent, CancellationToken cancel)
    {
        var folder = new NodeFolder(Path.Combine(settings.NodesDirectory, node.Id));
        _starting[node.Id] = 0;
        try
        {
            var manifest = folder.Manifest ?? await PrepareAsync(folder, endpointId, node, files, traceParent, cancel);
            var exited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            int? started = folder.Process is null ? launch.Start(folder, manifest, secrets, manifest.TraceParent, code => exited.TrySetResult(code)) : null;
            var process = await ClaimedAsync(folder, exited.Task, cancel);
            Observe(folder, manifest, process, process.Pid == started ? exited.Task : null);
            log.LogInformation("Started {NodeId} of {EndpointId} on port {Port}, pid {Pid}", node.Id, endpointId, manifest.Port, process.Pid);
        }
        catch (CannotStartException)
        {
            // Without its folder, a process that is late to claim it gives up.
            if (Directory.Exists(folder.Path) && folder.Process is null) folder.Delete();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotStartException.Capacity($"The machine could not start a process: {e.Message} Check its disk and limits.");
        }
        finally
        {
            _starting.TryRemove(node.Id, out _);
        }
    }

    /// <summary>Ends processes that bear this installation's tags and belong to no node that lives: workers that outlived theirs, and what lost its folder.</summary>
    /// <param name="spared">Those that are younger are spared.</param>
    public void EndStrays(TimeSpan spared)
    {
        foreach (var (nodeId, process) in ProcessTable.Of(settings.Installation, settings.NodesDirectory))
        {
            if (Find(nodeId) is { Seen.IsAlive: true } || _starting.ContainsKey(nodeId) || process.Age < spared) continue;
            log.LogWarning("Ending process {Pid}, which {NodeId} left behind", process.Pid, nodeId);
            process.Signal(PosixSignalNumber.Kill);
        }
    }

    /// <summary>Begins new output files where they grew large, and removes the folders of nodes that ended long ago.</summary>
    public void TidyUp()
    {
        foreach (var node in _nodes.Values.Where(n => n.Seen.IsAlive)) node.Folder.Output.Rotate();
        foreach (var node in _nodes.Values.Where(n => !n.Seen.IsAlive).OrderByDescending(n => n.Seen.GoneAt).Skip(EndedFoldersKept))
        {
            node.Folder.Delete();
            if (_nodes.TryRemove(node.Manifest.NodeId, out var removed)) removed.Dispose();
        }
        var longAgo = time.GetUtcNow() - NeverStartedKept;
        foreach (var path in Directory.EnumerateDirectories(settings.NodesDirectory).Where(p => !_nodes.ContainsKey(Path.GetFileName(p)) && Directory.GetLastWriteTimeUtc(p) < longAgo))
            new NodeFolder(path).Delete();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var node in _nodes.Values) node.Dispose();
        _choosingPort.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Scan();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.LogError("Can't look for nodes in {Directory}: {Reason}", settings.NodesDirectory, e.Message);
            }
            await Task.Delay(ScanEach, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<NodeManifest> PrepareAsync(NodeFolder folder, string endpointId, CapacityNode node, NodeFiles files, string? traceParent, CancellationToken cancel)
    {
        var profile = launch.Profile(node.Spec);
        await _choosingPort.WaitAsync(cancel);
        try
        {
            var taken = _nodes.Values.Where(n => n.Seen.IsAlive).Select(n => n.Manifest.Port).Concat(_starting.Values).ToHashSet();
            var port = ports.Free(taken) ?? throw CannotStartException.Capacity($"No port of {settings.Ports} is free. Widen Local__Ports, or run fewer nodes on this machine.");
            _starting[node.Id] = port;
            var now = time.GetUtcNow();
            var manifest = new NodeManifest(
                node.Id, endpointId, settings.Installation, node.Spec, port, new UriBuilder("http", settings.AdvertiseHost, port).Uri.GetLeftPart(UriPartial.Authority),
                profile.Probe, now, now.AddSeconds(profile.StartSeconds), NodeProcess.Boot, traceParent, files, files.LoadFor(node.Since));
            folder.Write(manifest);
            return manifest;
        }
        finally
        {
            _choosingPort.Release();
        }
    }

    private async Task<NodeProcess> ClaimedAsync(NodeFolder folder, Task exit, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var isLast = exit.IsCompleted || time.GetElapsedTime(since) > ClaimWithin;
            if (folder.Process is { } process) return process;
            if (isLast) throw new CannotStartException(new(FailureCode.StartExited, "The runtime's process ended before it began. Its output says why.", folder.Output.LastWords()));
            await Task.Delay(2, cancel);
        }
    }

    private DateTimeOffset? StoppedAt() => File.Exists(settings.StoppedFile) ? File.GetLastWriteTimeUtc(settings.StoppedFile) : null;

    private void Observe(NodeFolder folder, NodeManifest manifest, NodeProcess process, Task<int>? exit)
    {
        lock (_nodes)
            if (!_nodes.ContainsKey(manifest.NodeId)) _nodes[manifest.NodeId] = new(folder, manifest, process, exit, StoppedAt(), probe, time, due.Mark, log);
        due.Mark(manifest.EndpointId);
    }
}
