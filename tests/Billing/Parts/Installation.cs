using System.Collections.Concurrent;
using System.Net.Http.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Billing.Tests;

/// <summary>Billing on a database of its own and the real broker; the owner of the endpoints' streams is played by the tests.</summary>
public sealed class Installation : IAsyncLifetime
{
    private const int Page = 3; // Small, so that reading a stream takes several.
    private readonly Identities _identities = new();
    private readonly ConcurrentDictionary<string, List<EndpointChanged>> _streams = new();
    private IBusControl _bus = null!;
    private StandIn _endpoints = null!;
    private ServiceProcess _billing = null!;

    internal Database Database { get; private set; } = null!;

    internal ConcurrentQueue<SpendChanged> Heard { get; } = new();

    public async Task InitializeAsync()
    {
        Database = await Database.CreateAsync();
        _endpoints = await _identities.PlayAsync("endpoints", app =>
        {
            var routes = app.MapGroup("/internal/endpoints").ForServicesOnly();
            routes.MapGet("/versions", (string? account) => _streams.Values.Where(s => account is null || s[0].State.AccountId == account).Select(s => new StreamVersion(s[0].EndpointId, s.Count)));
            routes.MapGet("/{id}/events", (string id, long after) => _streams[id].Where(f => f.Version > after).Take(Page));
        });
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.ReceiveEndpoint(new TemporaryEndpointDefinition(), queue =>
            {
                queue.ConcurrentMessageLimit = 1;
                queue.Handler<SpendChanged>(context =>
                {
                    Heard.Enqueue(context.Message);
                    return Task.CompletedTask;
                });
            });
        });
        await _bus.StartAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _billing.DisposeAsync();
        await _bus.StopAsync(TimeSpan.FromSeconds(5));
        await _endpoints.DisposeAsync();
        await Database.DisposeAsync();
    }

    internal async Task StartAsync()
    {
        _billing = await ServiceProcess.StartAsync("Billing", new Dictionary<string, string>
        {
            ["Identity__SigningKey"] = _identities.SigningKey, ["Bus__Uri"] = Servers.Broker.ToString(), ["Peers__Endpoints"] = _endpoints.Url.ToString(),
            ["Postgres__ConnectionString"] = Database.ConnectionString, ["Spending__LookEverySeconds"] = "0.2",
        });
        await _billing.ReadyAsync();
    }

    internal Task KillAsync() => _billing.KillAsync();

    /// <summary>Adds a fact to an endpoint's stream; gives the message that the bus would bring.</summary>
    internal EndpointChanged Record(EndpointState state, EndpointEvent fact)
    {
        var stream = _streams.GetOrAdd(state.Id, _ => []);
        var message = new EndpointChanged(state.Id, stream.Count + 1, stream.Count + 1, Guid.NewGuid(), fact, state);
        lock (stream) stream.Add(message);
        return message;
    }

    internal Task PublishAsync(EndpointChanged message) => _bus.Publish(message, context => context.MessageId = message.EventId);

    /// <summary>A client with a key of an account.</summary>
    internal HttpClient As(string account, KeyScope scope = KeyScope.Manage) => _identities.Client(_billing.Url, new("hvz_live_test", account, [scope]));

    /// <summary>A client under the identity of a service.</summary>
    internal HttpClient AsService() => _identities.Client(_billing.Url, new("proxy", null, []));

    /// <summary>Waits until an account's whole usage is a sum.</summary>
    internal Task BilledAsync(string account, decimal total) => Eventually.TrueAsync(
        async () => (decimal)(await UsageAsync(account))["total"]! == total, $"{account} to be billed {total} USD");

    internal async Task<System.Text.Json.Nodes.JsonObject> UsageAsync(string account, string query = "")
    {
        using var client = As(account);
        return (await client.GetFromJsonAsync<System.Text.Json.Nodes.JsonObject>($"/v1/billing/usage?from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z{query}"))!;
    }
}

/// <summary>Classes that share the one service: its queue has a fixed name, so two at once would take each other's messages.</summary>
[CollectionDefinition(Name)]
public sealed class OneInstallation : ICollectionFixture<Installation>
{
    public const string Name = "the service";
}
