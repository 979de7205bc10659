using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypervize.Endpoints.Tests;

/// <summary>The provisioner's capacity streams, as other services read them.</summary>
internal sealed class FakeProvisioner : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, List<CapacityChanged>> _streams = new();

    private FakeProvisioner(WebApplication app) => _app = app;

    public Uri Url { get; private set; } = null!;

    public static async Task<FakeProvisioner> StartAsync(string signingKey)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Identity:SigningKey"] = signingKey, ["urls"] = "http://127.0.0.1:0" });
        builder.AddIdentity(new Settings(builder.Configuration, builder.Services), "provisioner");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        var provisioner = new FakeProvisioner(builder.Build());
        var routes = provisioner._app.MapGroup("/internal/capacity").ForServicesOnly();
        routes.MapGet("/versions", () => provisioner._streams.Select(s => new StreamVersion(s.Key, s.Value.Count)));
        routes.MapGet("/{id}/events", (string id, long after) => provisioner._streams.GetValueOrDefault(id, []).Where(f => f.Version > after).Take(3));
        await provisioner._app.StartAsync();
        provisioner.Url = new(provisioner._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return provisioner;
    }

    /// <summary>Adds a fact to an endpoint's stream; gives the message that the bus would bring.</summary>
    public CapacityChanged Record(string endpointId, CapacityEvent fact)
    {
        var stream = _streams.GetOrAdd(endpointId, _ => []);
        var message = new CapacityChanged(endpointId, stream.Count + 1, Guid.NewGuid(), fact);
        stream.Add(message);
        return message;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
