using System.Collections.Concurrent;
using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Autoscaler.Tests;

/// <summary>
/// What is around an autoscaler: the real broker, an endpoints service that does as it is told, and a proxy that reports each second.
/// </summary>
public sealed class Surroundings : IAsyncLifetime
{
    private readonly Identities _identities = new();
    private volatile bool _stopping;
    private IBusControl _bus = null!;
    private StandIn _endpoints = null!;
    private Task _reporting = Task.CompletedTask;
    private RoutingSnapshot _snapshot = new(0, [], []);
    private AutoscalerProcess? _autoscaler;
    private Database _database = null!;

    internal string EndpointId { get; } = $"endpt-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    internal ConcurrentQueue<ScaleEndpoint> Scale { get; } = new();

    internal ConcurrentQueue<HibernateEndpoint> Hibernate { get; } = new();

    /// <summary>Requests at the endpoint's node, by the proxy's reports.</summary>
    internal int InFlight { get; set; }

    /// <summary>Requests that arrive at the proxy each second, and end at once with 10 tokens.</summary>
    internal int Arriving { get; set; }

    public async Task InitializeAsync()
    {
        _database = await Database.CreateAsync();
        _endpoints = await _identities.PlayAsync("endpoints", app => app.MapGet("/internal/routing", () => _snapshot).ForServicesOnly());
        await ConnectAsync();
    }

    internal async Task<AutoscalerProcess> StartAutoscalerAsync(string? postgres = null, string? journal = null) =>
        _autoscaler = await AutoscalerProcess.StartAsync(_identities.SigningKey, _endpoints.Url, postgres ?? _database.ConnectionString, journal);

    /// <summary>A client of the autoscaler under an identity, as the front door passes it on.</summary>
    internal HttpClient Client(string account, params KeyScope[] scopes) => _identities.Client(_autoscaler!.Url, new("test", account, scopes));

    internal void StartProxy() => _reporting = ReportAsync();

    internal void Give(EndpointState state, long version) => Give(version, state);

    internal void Give(long version, params EndpointState[] states) => _snapshot = new(version, [.. states.Select(s => new VersionedEndpoint(version, s))], []);

    internal Task PublishAsync(EndpointState state, long version) =>
        _bus.Publish(new EndpointChanged(state.Id, version, version, Guid.NewGuid(), new EndpointDisabled("test", DateTimeOffset.UtcNow), state));

    internal EndpointState Up(int wanted, long decisive, int max = 4, int idle = 3600, bool telemetry = false)
    {
        var settings = new EndpointSettings("test", "model", "g5.xlarge", "simulator", new(0, max, idle, 16), 60, EndpointAccess.Private, telemetry);
        var now = DateTimeOffset.UtcNow;
        var nodes = Enumerable.Range(1, wanted).Select(i => new EndpointNode($"node-{i}", NodeStatus.Ready, "http://127.0.0.1:1", now, 1));
        return new(EndpointId, "acct-1", settings, EndpointStatus.Up, now, wanted, decisive, [.. nodes], null, null, [], now, settings);
    }

    internal static Task<T> NextAsync<T>(ConcurrentQueue<T> queue, string what) where T : class =>
        Eventually.SomeAsync(() => queue.TryDequeue(out var message) ? message : null, what);

    public async Task DisposeAsync()
    {
        _stopping = true;
        await _reporting;
        if (_autoscaler is not null) await _autoscaler.DisposeAsync();
        await _endpoints.DisposeAsync();
        await _bus.StopAsync(TimeSpan.FromSeconds(10));
        await _database.DisposeAsync();
    }

    private async Task ConnectAsync()
    {
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.TemporaryQueue($"test-{Guid.NewGuid():N}", queue =>
            {
                queue.Handler<ScaleEndpoint>(m => Enqueue(Scale, m.Message, m.Message.EndpointId));
                queue.Handler<HibernateEndpoint>(m => Enqueue(Hibernate, m.Message, m.Message.EndpointId));
            });
        });
        await _bus.StartAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);

        Task Enqueue<T>(ConcurrentQueue<T> queue, T message, string endpointId)
        {
            if (endpointId == EndpointId) queue.Enqueue(message);
            return Task.CompletedTask;
        }
    }

    private async Task ReportAsync()
    {
        var id = $"proxy-{Guid.NewGuid():N}";
        var until = DateTimeOffset.UtcNow;
        for (var sequence = 1; !_stopping; sequence++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var (from, leaving) = (until, _stopping);
            until = DateTimeOffset.UtcNow;
            var (arriving, times) = (Arriving, new Histogram(Arriving, 100.0 * Arriving, new Dictionary<int, long> { [42] = Arriving }));
            KeyUsage[]? usage = arriving == 0 ? null : [new("key-1", new Dictionary<int, int> { [200] = arriving }, 5 * arriving, 10 * arriving, times, Histogram.Empty, times)];
            var traffic = new EndpointTraffic(EndpointId, 1, arriving, arriving, 0, InFlight, 0, [new("node-1", InFlight)], usage);
            await _bus.Publish(new ProxyReport(id, sequence, from, until, leaving, InFlight + arriving == 0 ? [] : [traffic]));
        }
    }
}
