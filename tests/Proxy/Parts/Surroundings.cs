using System.Text.Json;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests;

/// <summary>What a proxy needs around it: a broker, the services, a place for its file.</summary>
public sealed class Surroundings : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hypervize-proxy-").FullName;
    private readonly List<ProxyProcess> _proxies = [];

    internal Identities Identities { get; } = new();

    internal Broker Broker { get; private set; } = null!;

    internal BrokerGate Gate { get; } = new();

    internal FakeService Endpoints { get; private set; } = null!;

    internal FakeService Provisioner { get; private set; } = null!;

    internal string StateFile => Path.Combine(_directory, "read-model.json");

    public async Task InitializeAsync()
    {
        Broker = await Broker.ConnectAsync();
        Endpoints = await FakeService.StartAsync(Peers.Endpoints, Identities);
        Provisioner = await FakeService.StartAsync(Peers.Provisioner, Identities);
    }

    public async Task DisposeAsync()
    {
        foreach (var proxy in _proxies) await proxy.DisposeAsync();
        await Gate.DisposeAsync();
        await Endpoints.DisposeAsync();
        await Provisioner.DisposeAsync();
        await Broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    internal async Task<ProxyProcess> StartProxyAsync(int keysMaxAge = 3600, double lingerSeconds = 1, double finishSeconds = 300, Uri? dashboard = null)
    {
        var proxy = await ProxyProcess.StartAsync(
            Identities, Gate.Uri, StateFile, Endpoints.Url, provisioner: Provisioner.Url, keysMaxAge: keysMaxAge, lingerSeconds: lingerSeconds, finishSeconds: finishSeconds, dashboard: dashboard);
        _proxies.Add(proxy);
        return proxy;
    }

    /// <summary>Takes the endpoints service away; the returned action brings it back at the same address.</summary>
    internal async Task<Func<Task>> StopEndpointsAsync()
    {
        var (url, routing) = (Endpoints.Url, Endpoints.Routing);
        await Endpoints.DisposeAsync();
        return async () =>
        {
            Endpoints = await FakeService.StartAsync(Peers.Endpoints, Identities, url.ToString());
            Endpoints.Routing = routing;
        };
    }

    /// <summary>Makes the endpoints service give this snapshot from now on.</summary>
    internal void Give(RoutingSnapshot snapshot) => Endpoints.Routing = _ => Task.FromResult(snapshot);

    internal static async Task<(string Status, Dictionary<string, (string Status, string? Detail)> Checks)> HealthAsync(ProxyProcess proxy)
    {
        using var json = JsonDocument.Parse(await (await proxy.GetAsync("/health/ready")).Content.ReadAsStreamAsync());
        return (json.RootElement.GetProperty("status").GetString()!, json.RootElement.GetProperty("checks").EnumerateObject().ToDictionary(
            c => c.Name, c => (c.Value.GetProperty("status").GetString()!, c.Value.TryGetProperty("detail", out var detail) ? detail.GetString() : null)));
    }
}
