using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypervize.Bench.Proxy;

/// <summary>
/// Plays the endpoints service to a proxy: two private endpoints of one account, one that is up and one that sleeps. It answers as the
/// real one does, publishes changes as the real one does, and hears what the proxy reports.
/// </summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private const string Account = "acct-00000000be0c";
    private const string Node = "node-00000000be0c";
    private const int AnyNumber = 1_000_000;

    // They are counted and told with every answer, but never reached: a few million requests are made in a minute.
    private static readonly RequestLimits Limits = new(RequestsPerMinute: 1_000_000_000, Concurrent: AnyNumber);

    private readonly ConcurrentDictionary<string, VersionedEndpoint> _endpoints = new();
    private readonly string _nodeAddress;
    private WebApplication _app = null!;
    private IBusControl _bus = null!;
    private long _position = 2;
    private volatile int _waiting;

    private ControlPlane(string nodeAddress) => _nodeAddress = nodeAddress;

    /// <summary>Id of the endpoint that is up.</summary>
    public static string Awake => "endpt-0000000000aa";

    /// <summary>Id of the endpoint that sleeps.</summary>
    public static string Asleep => "endpt-0000000000bb";

    /// <summary>A good key.</summary>
    public string Key { get; } = $"hvz_live_{RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 33)}";

    /// <summary>Begins to play.</summary>
    /// <param name="url">Where it listens.</param>
    /// <param name="signingKey">What identities are signed with.</param>
    /// <param name="rabbitMq">The broker.</param>
    /// <param name="nodeAddress">The node behind both endpoints.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<ControlPlane> StartAsync(string url, string signingKey, string rabbitMq, string nodeAddress, CancellationToken cancel)
    {
        var plane = new ControlPlane(nodeAddress);
        plane._endpoints[Awake] = new(1, plane.State(Awake, EndpointStatus.Up, AnyNumber));
        plane._endpoints[Asleep] = new(1, plane.State(Asleep, EndpointStatus.Hibernated, AnyNumber));
        plane._bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(rabbitMq));
            rabbit.TemporaryQueue("bench", queue => queue.Handler<ProxyReport>(report =>
            {
                plane._waiting = report.Message.Endpoints.FirstOrDefault(e => e.EndpointId == Asleep)?.Waiting ?? 0;
                return Task.CompletedTask;
            }));
        });
        await plane._bus.StartAsync(cancel);
        plane._app = plane.Build(url, signingKey);
        await plane._app.StartAsync(cancel);
        return plane;
    }

    /// <summary>Wakes the endpoint that sleeps: publishes that its node is ready.</summary>
    /// <param name="concurrency">Requests that the node takes at once.</param>
    /// <param name="cancel">Stops.</param>
    public Task WakeAsync(int concurrency, CancellationToken cancel) => PublishAsync(
        State(Asleep, EndpointStatus.Up, concurrency), new NodeReady(Node, _nodeAddress, "local", 0, [], DateTimeOffset.UtcNow, null, DateTimeOffset.UtcNow), cancel);

    /// <summary>Lets it sleep again.</summary>
    /// <param name="cancel">Stops.</param>
    public Task HibernateAsync(CancellationToken cancel) => PublishAsync(
        State(Asleep, EndpointStatus.Hibernated, AnyNumber), new EndpointHibernated("The benchmark's next round.", "bench", DateTimeOffset.UtcNow), cancel);

    /// <summary>Waits until the proxy reports that it holds so many requests, or long enough.</summary>
    /// <param name="count">How many.</param>
    /// <param name="patience">How long is enough.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Requests that it holds.</returns>
    public async Task<int> HoldsAsync(int count, TimeSpan patience, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (_waiting != count && Stopwatch.GetElapsedTime(began) < patience) await Task.Delay(50, cancel);
        return _waiting;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        await _bus.StopAsync(TimeSpan.FromSeconds(5));
    }

    private WebApplication Build(string url, string signingKey)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Identity:SigningKey"] = signingKey, ["urls"] = url });
        builder.AddIdentity(new Settings(builder.Configuration, builder.Services), "endpoints");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        var app = builder.Build();
        app.MapGet("/internal/routing", (long? knownPosition) => knownPosition == _position ? Results.NoContent() : Results.Ok(Snapshot())).ForServicesOnly();
        app.MapPost("/internal/endpoints/{id}/wake", () => Results.Accepted()).ForServicesOnly();
        return app;
    }

    private RoutingSnapshot Snapshot()
    {
        var key = new ApiKey("key-00000000be0c", "bench", Key[..13], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key))), [KeyScope.Inference], Began, Limits);
        return new(_position, [.. _endpoints.Values], [new(1, new(Account, "bench", [key], Began))]);
    }

    private async Task PublishAsync(EndpointState state, EndpointEvent fact, CancellationToken cancel)
    {
        var version = _endpoints[state.Id].Version + 1;
        _endpoints[state.Id] = new(version, state);
        await _bus.Publish(new EndpointChanged(state.Id, version, ++_position, Guid.NewGuid(), fact, state), cancel);
    }

    private EndpointState State(string id, EndpointStatus status, int concurrency)
    {
        var settings = new EndpointSettings("bench", "bench/model", "local", "simulator", new(0, 1, 3600, concurrency), 600, EndpointAccess.Private, false);
        EndpointNode[] nodes = status == EndpointStatus.Up ? [new(Node, NodeStatus.Ready, _nodeAddress, Began, 1)] : [];
        return new(id, Account, settings, status, Began, nodes.Length, 1, nodes, null, null, [], Began, settings);
    }

    private static DateTimeOffset Began { get; } = DateTimeOffset.UtcNow;
}
