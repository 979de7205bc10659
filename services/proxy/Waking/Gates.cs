using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Waking;

/// <summary>
/// The gates of all endpoints: lets requests through, bounds what waits, follows the read model, and gives turns, a few times a
/// second for all holds and heartbeats together.
/// </summary>
public sealed class Gates : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, Gate> _gates = new(StringComparer.Ordinal);
    private readonly RoutingTable _table;
    private readonly TrafficMeter _meter;
    private readonly WakeCaller _wake;
    private readonly WakingSettings _settings;
    private readonly TimeProvider _time;
    private readonly TimeSpan _heartbeat;
    private int _waiting;
    private long _waitingBytes;

    /// <summary>Gates that follow a read model.</summary>
    /// <param name="table">The read model.</param>
    /// <param name="meter">Counts what waits and what is at nodes.</param>
    /// <param name="wake">Asks for wakes.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="time">Time.</param>
    public Gates(RoutingTable table, TrafficMeter meter, WakeCaller wake, WakingSettings settings, TimeProvider time)
    {
        (_table, _meter, _wake, _settings, _time) = (table, meter, wake, settings, time);
        _heartbeat = TimeSpan.FromSeconds(settings.HeartbeatSeconds);
        table.Changed += Follow;
    }

    /// <summary>Requests that wait in all.</summary>
    public int Waiting => _waiting;

    /// <summary>Gets a node for a request: at once, or after waiting in line.</summary>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="bytes">Bytes its body occupies.</param>
    /// <param name="until">When its hold runs out, however often it is turned away.</param>
    /// <param name="heartbeat">Writes a sign of life to the client; null when the client asked for no stream.</param>
    /// <param name="again">Whether it was turned away by a node that could not be reached, and goes first.</param>
    /// <param name="cancel">The client went away.</param>
    /// <returns>A node, which must be given back by <see cref="Finished"/>; or why there is none.</returns>
    public async Task<Turn> EnterAsync(RoutedEndpoint endpoint, int bytes, DateTimeOffset until, Func<Task>? heartbeat, bool again, CancellationToken cancel)
    {
        while (true)
        {
            var turn = await PassOrWaitAsync(endpoint, bytes, until, heartbeat, again, cancel);
            if (turn.Node is not { } node || StillTakes(endpoint.State.Id, node.Id)) return turn;

            // The node began to drain between the choice and the count: choose again, before all others.
            Finished(endpoint.State.Id, node.Id);
            again = true;
        }
    }

    /// <summary>A request left its node.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="reached">Whether the node could be reached.</param>
    public void Finished(string endpointId, string nodeId, bool reached = true)
    {
        _meter.Finished(endpointId, nodeId);
        if (!_gates.TryGetValue(endpointId, out var gate)) return;
        lock (gate)
        {
            gate.Finished(nodeId);
            if (reached) gate.Trust(nodeId);
            else gate.Suspect(nodeId, _time.GetUtcNow());
            gate.Release(_time.GetUtcNow());
            if (gate.IsIdle && reached) _gates.TryRemove(new(endpointId, gate));
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Tick, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_waiting == 0) continue;
            foreach (var gate in _gates.Values)
                lock (gate) gate.Sweep(_time.GetUtcNow(), _heartbeat);
        }
    }

    private async Task<Turn> PassOrWaitAsync(RoutedEndpoint endpoint, int bytes, DateTimeOffset until, Func<Task>? heartbeat, bool again, CancellationToken cancel)
    {
        var id = endpoint.State.Id;
        var now = _time.GetUtcNow();
        Waiter waiter;
        var gate = Locked(endpoint);
        try
        {
            if (Callability.Refusal(gate.Endpoint, now) is { } refusal) return new(null, refusal);
            if (gate.TryPass(now) is { } node)
            {
                _meter.Dispatched(id, node.Id);
                return new(node, null);
            }
            if (gate.Waiting >= _settings.MaxPerEndpoint || _waiting >= _settings.MaxInAll
                || gate.WaitingBytes + bytes > _settings.MaxBytesPerEndpoint || _waitingBytes + bytes > _settings.MaxBytesInAll)
                return new(null, InferenceError.QueueFull(Callability.RetryAfter(gate.Endpoint.State, now)));
            waiter = new Waiter(bytes, until, heartbeat is null ? null : now + _heartbeat);
            gate.Enter(waiter, first: again);
        }
        finally
        {
            Monitor.Exit(gate);
        }

        Count(id, 1, bytes);
        try
        {
            if (gate.Endpoint.State.Status == EndpointStatus.Hibernated) _wake.Ensure(id, () => WaitingFor(id));
            return await WaitAsync(id, gate, waiter, heartbeat, cancel);
        }
        finally
        {
            Count(id, -1, -bytes);
        }
    }

    private async Task<Turn> WaitAsync(string id, Gate gate, Waiter waiter, Func<Task>? heartbeat, CancellationToken cancel)
    {
        await using var gone = cancel.Register(() =>
        {
            lock (gate)
                if (gate.Leave(waiter)) waiter.Decide(new(null, null));
        });
        try
        {
            while (true)
            {
                var turn = await waiter.Next;
                if (!ReferenceEquals(turn, Turn.Heartbeat))
                {
                    if (turn.Node is { } node) _meter.Dispatched(id, node.Id);
                    return turn;
                }
                lock (gate) waiter.Rearm();
                await heartbeat!();
            }
        }
        catch
        {
            // The client went away under a heartbeat: it leaves the line, or gives back the place it was just given.
            lock (gate)
            {
                if (!gate.Leave(waiter) && waiter.Granted is { } granted) gate.Finished(granted.Id);
                gate.Release(_time.GetUtcNow());
            }
            throw;
        }
    }

    private void Follow(RoutedEndpoint endpoint)
    {
        if (!_gates.TryGetValue(endpoint.State.Id, out var gate)) return;
        lock (gate)
        {
            gate.Follow(endpoint);
            gate.Release(_time.GetUtcNow());
            if (gate is { IsIdle: true, Endpoint.State.Status: EndpointStatus.Deleted }) _gates.TryRemove(new(endpoint.State.Id, gate));
            if (gate is { Waiting: > 0, Endpoint.State.Status: EndpointStatus.Hibernated }) _wake.Ensure(endpoint.State.Id, () => WaitingFor(endpoint.State.Id));
        }
    }

    // A gate may be forgotten while somebody is about to lock it: then there is another.
    private Gate Locked(RoutedEndpoint endpoint)
    {
        while (true)
        {
            var gate = _gates.GetOrAdd(endpoint.State.Id, static (_, e) => new Gate(e), endpoint);
            Monitor.Enter(gate);
            if (_gates.TryGetValue(endpoint.State.Id, out var current) && ReferenceEquals(current, gate))
            {
                // What changed before the gate was there to follow it.
                if (_table.TryGet(endpoint.State.Id, out var newest)) gate.Follow(newest);
                return gate;
            }
            Monitor.Exit(gate);
        }
    }

    // The gate of this moment: one that was idle meanwhile was forgotten, and there is another.
    private int WaitingFor(string endpointId) => _gates.TryGetValue(endpointId, out var gate) ? gate.Waiting : 0;

    private bool StillTakes(string endpointId, string nodeId) =>
        _table.TryGet(endpointId, out var now) && now.State.Nodes.Any(n => n.Id == nodeId && n.Status == NodeStatus.Ready);

    private void Count(string endpointId, int waiters, long bytes)
    {
        Interlocked.Add(ref _waiting, waiters);
        Interlocked.Add(ref _waitingBytes, bytes);
        _meter.Waiting(endpointId, waiters);
    }
}
