using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Waking;

/// <summary>
/// The gates of all endpoints: lets requests through, bounds what waits, follows the read model, and gives turns; a few times a
/// second it looks at all holds together.
/// </summary>
public sealed class Gates : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstProbePause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestProbePause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Gate> _gates = new(StringComparer.Ordinal);
    private readonly RoutingTable _table;
    private readonly TrafficMeter _meter;
    private readonly WakeCaller _wake;
    private readonly NodeProbe _probe;
    private readonly WakingSettings _settings;
    private readonly TimeProvider _time;
    private volatile InferenceError? _closed;
    private int _waiting;
    private long _waitingBytes;

    /// <summary>Gates that follow a read model.</summary>
    /// <param name="table">The read model.</param>
    /// <param name="meter">Counts what waits and what is at nodes.</param>
    /// <param name="wake">Asks for wakes.</param>
    /// <param name="probe">Asks nodes that failed.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="time">Time.</param>
    public Gates(RoutingTable table, TrafficMeter meter, WakeCaller wake, NodeProbe probe, WakingSettings settings, TimeProvider time)
    {
        (_table, _meter, _wake, _probe, _settings, _time) = (table, meter, wake, probe, settings, time);
        table.Changed += Follow;
    }

    /// <summary>Requests that wait in all.</summary>
    public int Waiting => _waiting;

    /// <summary>Gets a node for a request that arrived, at once, or a place in line.</summary>
    /// <param name="call">The request.</param>
    /// <param name="again">Whether it had a turn that came to nothing, and goes first.</param>
    /// <param name="turn">A node, which must be given back by <see cref="Finished"/>, or why there is none.</param>
    /// <returns>A place in line, which must be left by <see cref="Left"/> once it is decided; null when <paramref name="turn"/> says it all.</returns>
    internal Waiter? PassOrEnter(InferenceCall call, bool again, out Turn turn)
    {
        var (id, bytes) = (call.Endpoint.State.Id, call.Body.Bytes);
        while (true)
        {
            var gate = call.Gate = Locked(call.Endpoint);
            EndpointNode? node;
            try
            {
                turn = default;
                node = _closed is null && gate.Endpoint.State.Status == EndpointStatus.Up ? gate.TryPass(first: again) : null;
                if (node is null)
                {
                    if (!again) gate.Meter.Arrived();
                    var now = _time.GetUtcNow();
                    turn = new(null, _closed ?? Callability.Refusal(gate.Endpoint, now));
                    if (turn.Error is not null)
                    {
                        if (gate.IsOver) _gates.TryRemove(new(id, gate));
                        return null;
                    }
                    // Who had a turn already waited in this line, or found none.
                    if (!again && IsFull(gate, bytes))
                    {
                        turn = new(null, InferenceError.QueueFull(Callability.RetryAfter(gate.Endpoint.State, now)));
                        return null;
                    }
                    return Enter(call, gate, first: again);
                }
            }
            finally
            {
                Monitor.Exit(gate);
            }
            turn = new(node, null);
            if (again) gate.Meter.Dispatched(node.Id);
            else gate.Meter.ArrivedAndDispatched(node.Id);
            if (StillTakes(id, node.Id)) return null;

            GiveBack(gate, node.Id);
            again = true;
        }
    }

    /// <summary>A request leaves the line.</summary>
    /// <param name="call">The request.</param>
    /// <param name="waiter">Its place in line, which is decided.</param>
    /// <param name="turn">What it was told.</param>
    /// <returns>Whether that holds still; if not, it must ask for another node.</returns>
    internal bool Left(InferenceCall call, Waiter waiter, Turn turn)
    {
        var id = call.Endpoint.State.Id;
        Count(waiter.Gate, -1, -waiter.Bytes);
        if (turn.Node is not { } node) return true;
        if (waiter.IsWoken) call.WakeReceipt = WakeTimes.Receipt(_time.GetElapsedTime(waiter.Since), waiter.Gate.Endpoint.Wake);
        waiter.Gate.Meter.Dispatched(node.Id);
        if (StillTakes(id, node.Id)) return true;
        GiveBack(waiter.Gate, node.Id);
        return false;
    }

    /// <summary>A request left its node.</summary>
    /// <param name="gate">The gate that let it through.</param>
    /// <param name="nodeId">The node.</param>
    public void Finished(Gate gate, string nodeId)
    {
        gate.Meter.Finished(nodeId);
        lock (gate)
        {
            gate.Finished(nodeId);
            if (gate.Waiting > 0) gate.Release(_time.GetUtcNow());
            if (gate.IsOver) _gates.TryRemove(new(gate.Endpoint.State.Id, gate));
        }
    }

    /// <summary>A node failed: it is taken out at once, and back in when it answers.</summary>
    /// <param name="gate">The gate that let requests through to it.</param>
    /// <param name="node">The node.</param>
    public void Failed(Gate gate, EndpointNode node)
    {
        lock (gate)
            if (!gate.Suspect(node.Id)) return;
        _ = ProbeBackAsync(gate, node);
    }

    /// <summary>Tells everybody in line the same, and everybody who comes from now on.</summary>
    /// <param name="error">Why they go nowhere.</param>
    internal void Close(InferenceError error)
    {
        _closed = error;
        foreach (var gate in _gates.Values)
            lock (gate) gate.TurnAway(error);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Tick, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_waiting == 0) continue;
            foreach (var gate in _gates.Values)
                lock (gate) gate.Sweep(_time);
        }
    }

    private bool IsFull(Gate gate, int bytes) => gate.Waiting >= _settings.MaxPerEndpoint || _waiting >= _settings.MaxInAll
        || gate.WaitingBytes + bytes > _settings.MaxBytesPerEndpoint || _waitingBytes + bytes > _settings.MaxBytesInAll;

    private Waiter Enter(InferenceCall call, Gate gate, bool first)
    {
        var (status, now) = (gate.Endpoint.State.Status, _time.GetTimestamp());
        var held = _time.GetElapsedTime(call.HeldSince ??= now, now);
        var waiter = new Waiter(gate, call.Body.Bytes, call.ArrivedAt, now, call.Hold - held, status is EndpointStatus.Hibernated or EndpointStatus.Waking);
        gate.Enter(waiter, first);
        Count(gate, 1, waiter.Bytes);
        if (status == EndpointStatus.Hibernated) _wake.Ensure(gate);
        return waiter;
    }

    private async Task ProbeBackAsync(Gate gate, EndpointNode node)
    {
        await Task.Yield();
        for (var pause = FirstProbePause; ; pause = pause * 2 < LongestProbePause ? pause * 2 : LongestProbePause)
        {
            var answers = await _probe.AnswersAsync(node);
            lock (gate)
            {
                // It may be gone from the endpoint meanwhile.
                if (!gate.IsSuspect(node.Id)) return;
                if (answers)
                {
                    gate.Trust(node.Id);
                    gate.Release(_time.GetUtcNow());
                    return;
                }
            }
            await Task.Delay(pause, _time);
        }
    }

    private void Follow(RoutedEndpoint endpoint)
    {
        if (!_gates.TryGetValue(endpoint.State.Id, out var gate)) return;
        lock (gate)
        {
            gate.Follow(endpoint);
            gate.Release(_time.GetUtcNow());
            if (gate.IsOver) _gates.TryRemove(new(endpoint.State.Id, gate));
            if (gate is { Waiting: > 0, Endpoint.State.Status: EndpointStatus.Hibernated }) _wake.Ensure(gate);
        }
    }

    // A gate may be forgotten while somebody is about to lock it: then there is another.
    private Gate Locked(RoutedEndpoint endpoint)
    {
        while (true)
        {
            var gate = _gates.GetOrAdd(endpoint.State.Id, static (id, made) => new Gate(made.Endpoint, made.Meter.Of(id)), (Endpoint: endpoint, Meter: _meter));
            Monitor.Enter(gate);
            if (!gate.HasCaughtUp) gate.Follow(Newest(endpoint));
            gate.HasCaughtUp = true;
            if (!gate.IsOver || (_gates.TryGetValue(endpoint.State.Id, out var current) && ReferenceEquals(current, gate))) return gate;
            Monitor.Exit(gate);
        }
    }

    // The node began to drain between the choice and the count: whoever chose it chooses again, before all others, by what is known now.
    private void GiveBack(Gate gate, string nodeId)
    {
        lock (gate) gate.Follow(Newest(gate.Endpoint));
        Finished(gate, nodeId);
    }

    // What the table knows no more was deleted long ago: a body may come that slowly.
    private RoutedEndpoint Newest(RoutedEndpoint known) => _table.TryGet(known.State.Id, out var newest) ? newest
        : known with { State = known.State with { Status = EndpointStatus.Deleted, Nodes = [] } };

    private bool StillTakes(string endpointId, string nodeId)
    {
        if (!_table.TryGet(endpointId, out var now)) return false;
        var nodes = now.State.Nodes;
        // By index: this way of every request need not make an enumerator.
        for (var i = 0; i < nodes.Count; i++)
            if (nodes[i] is var node && node.Id == nodeId) return node.Status == NodeStatus.Ready;
        return false;
    }

    private void Count(Gate gate, int waiters, long bytes)
    {
        Interlocked.Add(ref _waiting, waiters);
        Interlocked.Add(ref _waitingBytes, bytes);
        gate.Meter.Waiting(waiters);
    }
}
