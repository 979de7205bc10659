using Hypervize.Processes;
using Hypervize.Provisioner.Capacity;

namespace Hypervize.Provisioner.Local;

/// <summary>
/// A node of this machine under observation. Observing needs no database and no leadership, so that nothing is missed while either
/// is away; what is seen is also written down, for the next run of the provisioner.
/// </summary>
public sealed class LocalNode : IDisposable
{
    private static readonly TimeSpan LookEach = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan NoteEach = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeEach = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountEach = TimeSpan.FromMilliseconds(250);

    private readonly NodeProbe _probe;
    private readonly TimeProvider _time;
    private readonly Action<string> _changed;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<int>? _exit;
    private readonly SemaphoreSlim _askNow = new(0);
    private DateTimeOffset? _lastAliveAt;
    private bool _counting;

    /// <summary>Begins to observe a node.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="manifest">What was started there.</param>
    /// <param name="process">Its process.</param>
    /// <param name="exit">Ends with its exit code, for a process that this run has started; null for another.</param>
    /// <param name="stoppedAt">When the platform was last stopped in order, its nodes too; null when it never was.</param>
    /// <param name="probe">Asks nodes.</param>
    /// <param name="time">Time.</param>
    /// <param name="changed">Told the endpoint's id when something worth acting on was seen.</param>
    /// <param name="log">Log.</param>
    public LocalNode(
        NodeFolder folder, NodeManifest manifest, NodeProcess process, Task<int>? exit, DateTimeOffset? stoppedAt, NodeProbe probe, TimeProvider time, Action<string> changed, ILogger log)
    {
        (Folder, Manifest, Process, _probe, _time, _changed, _log) = (folder, manifest, process, probe, time, changed, log);
        _exit = exit;
        var before = folder.Seen;
        Seen = new(
            manifest.NodeId, manifest.Address, manifest.SpawnedAt, manifest.ReadyBy, before?.GoneAt, before?.ExitCode, before?.ReadyAt, before?.RuntimeReadyAt,
            before?.LastHealthyAt, CountsRequests: manifest.Probe.RequestMetrics.Count > 0);
        _lastAliveAt = before?.LastAliveAt ?? manifest.SpawnedAt;
        // What ended while nobody looked ended between then and now: nobody is charged for the doubt.
        if (exit is null && Seen.IsAlive && !IsRunning) Seen = Seen with { GoneAt = _lastAliveAt, WithPlatform = stoppedAt > _lastAliveAt };
        Watching = Seen.IsAlive ? Task.WhenAll(WatchAsync(), ProbeAsync()) : Task.CompletedTask;
    }

    /// <summary>Its folder.</summary>
    public NodeFolder Folder { get; }

    /// <summary>What was started.</summary>
    public NodeManifest Manifest { get; }

    /// <summary>Its main process.</summary>
    public NodeProcess Process { get; }

    /// <summary>What is seen of it.</summary>
    public NodeObservation Seen { get; private set; }

    /// <summary>Ends when observing has ended.</summary>
    public Task Watching { get; }

    private bool IsRunning => Manifest.Boot == NodeProcess.Boot && Process.IsAlive;

    /// <summary>Has its requests counted from now on.</summary>
    public void CountRequests()
    {
        if (_counting) return;
        _counting = true;
        _askNow.Release();
    }

    /// <summary>Asks its main process to end.</summary>
    public void Terminate()
    {
        Process.Signal(PosixSignalNumber.Terminate);
        See(s => s with { TerminatedAt = s.TerminatedAt ?? _time.GetUtcNow() });
    }

    /// <summary>Ends all its processes.</summary>
    public void Kill()
    {
        if (Manifest.Boot != NodeProcess.Boot) return;
        foreach (var process in ProcessTable.OfNode(Process, Folder.Path)) process.Signal(PosixSignalNumber.Kill);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Cancel();

    private async Task WatchAsync()
    {
        var notedAt = DateTimeOffset.MinValue;
        while (IsRunning && !_stop.IsCancellationRequested)
        {
            _lastAliveAt = _time.GetUtcNow();
            if (_lastAliveAt - notedAt >= NoteEach)
            {
                notedAt = _lastAliveAt.Value;
                Note();
            }
            if (await ExitedWithinAsync(LookEach)) break;
        }
        if (_stop.IsCancellationRequested) return;

        var goneAt = _time.GetUtcNow();
        // A busy system tells the exit code of a process of ours some time after it is gone.
        int? exitCode = _exit is not null && await ExitedWithinAsync(ToldWithin) ? await _exit : null;
        if (_stop.IsCancellationRequested) return;
        See(s => s with { GoneAt = goneAt, ExitCode = exitCode });
        await _stop.CancelAsync();
        Kill(); // Workers that outlived the main process would hold on to the hardware.
        Note();
        _changed(Manifest.EndpointId);
    }

    private async Task<bool> ExitedWithinAsync(TimeSpan time)
    {
        var pause = Task.Delay(time, _time, _stop.Token);
        return await (_exit is null ? Task.WhenAny(pause) : Task.WhenAny(_exit, pause)) != pause;
    }

    private async Task ProbeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var healthy = await _probe.HealthAsync(Manifest.Port, Manifest.Probe, _stop.Token);
                if (_stop.IsCancellationRequested) return;
                if (healthy is not null && IsOurs(healthy)) Answered(healthy);
                else if (Seen.ReadyAt is not null) Unanswered();
                if (_counting && Seen.CountsRequests) await CountAsync();
                await _askNow.WaitAsync(Pause(), _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    // A port that was free a moment ago may be another's by now. Once it is ours, it stays ours while the process lives.
    private bool IsOurs(Healthy healthy) =>
        Seen.ReadyAt is not null || ((healthy.NodeId ?? Manifest.NodeId) == Manifest.NodeId && ProcessTable.Listens(Manifest.Port, Process, Folder.Path));

    private void Answered(Healthy healthy)
    {
        var now = _time.GetUtcNow();
        var isFirst = Seen.ReadyAt is null;
        See(s => s with { ReadyAt = s.ReadyAt ?? now, RuntimeReadyAt = s.RuntimeReadyAt ?? healthy.ReadyAt, LastHealthyAt = now, Unanswered = 0, UnansweredSince = null });
        if (!isFirst) return;
        Note();
        _changed(Manifest.EndpointId);
    }

    private void Unanswered()
    {
        See(s => s with { Unanswered = s.Unanswered + 1, UnansweredSince = s.UnansweredSince ?? _time.GetUtcNow() });
        _changed(Manifest.EndpointId);
    }

    private async Task CountAsync()
    {
        var requests = await _probe.RequestsAsync(Manifest.Port, Manifest.Probe, _stop.Token);
        See(s => s with { Requests = requests, RequestsAt = _time.GetUtcNow() });
        if (requests == 0) _changed(Manifest.EndpointId);
    }

    // A small model is ready in a second and a large one in half an hour: the longer it takes, the less a late look matters.
    private TimeSpan Pause()
    {
        if (Seen.ReadyAt is not null) return _counting ? CountEach : ProbeEach;
        var starting = (_time.GetUtcNow() - Manifest.SpawnedAt).TotalSeconds;
        return TimeSpan.FromMilliseconds(starting < 10 ? 40 : starting < 60 ? 100 : 500);
    }

    private void See(Func<NodeObservation, NodeObservation> change)
    {
        lock (_lock) Seen = change(Seen);
    }

    private void Note()
    {
        try
        {
            lock (_lock) Folder.Write(new Sightings(Seen.ReadyAt, Seen.RuntimeReadyAt, Seen.LastHealthyAt, _lastAliveAt, Seen.GoneAt, Seen.ExitCode));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("Could not note what was seen of {NodeId}: {Reason}", Manifest.NodeId, e.Message);
        }
    }
}
