using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>
/// Stands in for the endpoints service and the proxies, as far as the provisioner sees them: says what endpoints want, by message and by route, and
/// hears what becomes of their nodes.
/// </summary>
internal sealed class EndpointStandIn : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (long Version, EndpointState State)> _endpoints = new();
    private readonly ConcurrentQueue<CapacityChanged> _heard = new();
    private readonly ConcurrentQueue<NodeReport> _nodes = new();
    private readonly string _proxy = $"proxy-{Guid.NewGuid():N}";
    private StandIn _played = null!;
    private IBusControl _bus = null!;
    private long _reports;

    public Uri Url => _played.Url;

    public static string NewId() => $"endpt-{Guid.NewGuid().ToString("N")[..12]}";

    public static EndpointState State(string id, string model = "simulator/tiny", string runtime = "simulator")
    {
        var settings = new EndpointSettings("test", model, "g6.xlarge", runtime, new(0, 4, 300, 4), 60, EndpointAccess.Private, false);
        return new(id, Some.Account, settings, EndpointStatus.Building, Some.Noon, 1, 1, [], null, null, [], Some.Noon, settings);
    }

    public static async Task<EndpointStandIn> StartAsync(Identities identities)
    {
        var it = new EndpointStandIn();
        it._played = await identities.PlayAsync("endpoints", app =>
        {
            var routes = app.MapGroup("/internal").ForServicesOnly();
            routes.MapGet("/routing", () => new RoutingSnapshot(0, [.. it._endpoints.Values.Select(e => new VersionedEndpoint(e.Version, e.State))], []));
            routes.MapGet("/endpoints/{id}/events", (string id) => Array.Empty<EndpointChanged>());
        });

        it._bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.ReceiveEndpoint($"test-{Guid.NewGuid():N}", queue =>
            {
                (queue.Durable, queue.AutoDelete, queue.Exclusive, queue.ConcurrentMessageLimit) = (false, true, true, 1);
                queue.Handler<CapacityChanged>(message =>
                {
                    it._heard.Enqueue(message.Message);
                    return Task.CompletedTask;
                });
                queue.Handler<NodeReport>(message =>
                {
                    it._nodes.Enqueue(message.Message);
                    return Task.CompletedTask;
                });
            });
        });
        await it._bus.StartAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        return it;
    }

    /// <summary>What was heard of an endpoint's nodes, each fact once.</summary>
    public IReadOnlyList<CapacityEvent> Of(string id) => [.. _heard.Where(c => c.EndpointId == id).DistinctBy(c => c.Version).Select(c => c.Fact)];

    public IReadOnlyList<T> Of<T>(string id) where T : CapacityEvent => [.. Of(id).OfType<T>()];

    /// <summary>What was heard of how busy an endpoint's nodes are.</summary>
    public IEnumerable<NodeGauges> GaugesOf(string id) => _nodes.SelectMany(r => r.Nodes).Where(n => n.EndpointId == id);

    /// <summary>Creates an endpoint that wants nodes.</summary>
    public async Task<string> CreateAsync(string model = "simulator/tiny?load=0.1", int wanted = 1, string runtime = "simulator", bool telemetry = false)
    {
        var state = State(NewId(), model, runtime);
        await SayAsync(state with { Wanted = wanted, Settings = state.Settings with { Telemetry = telemetry } });
        return state.Id;
    }

    /// <summary>Creates an endpoint whose nodes are given their weights.</summary>
    public async Task<string> CreateAsync(NodeWeights weights)
    {
        var id = NewId();
        await SayAsync(State(id, weights.Model, "given") with { Plan = new("", null, weights.Revision, null, null, null, null, Weights: weights) });
        return id;
    }

    /// <summary>Creates an endpoint, and is not heard.</summary>
    public void CreateUnheard(string id) => _endpoints[id] = (1, State(id, "simulator/tiny?load=0.1"));

    /// <summary>Wants another number of nodes.</summary>
    public Task WantAsync(string id, int wanted) => SayAsync(_endpoints[id].State with { Wanted = wanted });

    /// <summary>Switches the logging and telemetry add-on.</summary>
    public Task SwitchTelemetryAsync(string id, bool on) => SayAsync(_endpoints[id].State with { Settings = _endpoints[id].State.Settings with { Telemetry = on } });

    /// <summary>Wants it, and is not heard: the message was lost.</summary>
    public void WantUnheard(string id, int wanted) => _endpoints[id] = (_endpoints[id].Version + 1, _endpoints[id].State with { Wanted = wanted });

    /// <summary>Lets go of nodes.</summary>
    public Task ReleaseAsync(string id, int wanted, params string[] nodes)
    {
        var (version, state) = _endpoints[id];
        return SayAsync(state with
        {
            Wanted = wanted,
            Nodes = [.. state.Nodes, .. nodes.Select(n => new EndpointNode(n, NodeStatus.Draining, null, TimeProvider.System.GetUtcNow(), version + 1))],
        });
    }

    /// <summary>Deletes it.</summary>
    public Task DeleteAsync(string id) => SayAsync(_endpoints[id].State with { Status = EndpointStatus.Deleted, Wanted = 0 });

    /// <summary>It is gone from the database, without a trace.</summary>
    public void Forget(string id) => _endpoints.TryRemove(id, out _);

    /// <summary>A proxy's report about an endpoint's nodes, by the newest version.</summary>
    public Task ReportAsync(string id, params (string Node, int InFlight)[] nodes) => _bus.Publish(new ProxyReport(
        _proxy, ++_reports, Some.Noon, Some.Noon, false,
        [new EndpointTraffic(id, _endpoints[id].Version, 0, 0, 0, nodes.Sum(n => n.InFlight), 0, [.. nodes.Select(n => new NodeTraffic(n.Node, n.InFlight))])]));

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync(TimeSpan.FromSeconds(10));
        await _played.DisposeAsync();
    }

    private Task SayAsync(EndpointState state)
    {
        var (version, _) = _endpoints[state.Id] = (_endpoints.TryGetValue(state.Id, out var known) ? known.Version + 1 : 1, state);
        return _bus.Publish(new EndpointChanged(state.Id, version, version, Guid.NewGuid(), new EndpointScaled(0, state.Wanted, "test", "test", Some.Noon), state));
    }
}
