using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Endpoints.Tests;

/// <summary>The provisioner's capacity streams, as other services read them.</summary>
internal sealed class FakeProvisioner : IAsyncDisposable
{
    private const int Page = 3; // Small, so that reading a stream takes several.
    private readonly ConcurrentDictionary<string, List<CapacityChanged>> _streams = new();
    private StandIn _played = null!;

    public Uri Url => _played.Url;

    public static async Task<FakeProvisioner> StartAsync(Identities identities)
    {
        var provisioner = new FakeProvisioner();
        provisioner._played = await identities.PlayAsync("provisioner", app =>
        {
            var routes = app.MapGroup("/internal/capacity").ForServicesOnly();
            routes.MapGet("/versions", () => provisioner._streams.Select(s => new StreamVersion(s.Key, s.Value.Count)));
            routes.MapGet("/{id}/events", (string id, long after) => provisioner._streams.GetValueOrDefault(id, []).Where(f => f.Version > after).Take(Page));
        });
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

    public ValueTask DisposeAsync() => _played.DisposeAsync();
}
