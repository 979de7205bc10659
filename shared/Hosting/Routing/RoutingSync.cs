using System.Net;
using System.Net.Http.Json;
using Hypervize.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypervize.Hosting.Routing;

/// <summary>A service's own view of endpoints, which <see cref="RoutingSync"/> keeps true.</summary>
public interface IRoutingTable
{
    /// <summary>Log position of the newest snapshot; 0 before the first.</summary>
    long Position { get; }

    /// <summary>Takes in a snapshot.</summary>
    /// <param name="snapshot">The snapshot.</param>
    void Apply(RoutingSnapshot snapshot);
}

/// <summary>
/// Keeps a routing table true: messages come by this replica's own queue; each time that queue was bound anew, a snapshot is taken
/// after it, so that whatever was published before the binding is in the snapshot. While the broker is away the endpoints service is
/// asked every two seconds instead.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="contact">Told whether changes are heard of.</param>
/// <param name="clients">Clients of services.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class RoutingSync(IRoutingTable table, Contact contact, IHttpClientFactory clients, TimeProvider time, ILogger<RoutingSync> log)
    : BackgroundService, IReceiveEndpointObserver
{
    /// <summary>Name of the client of the endpoints service.</summary>
    public const string ClientName = "endpoints";

    /// <summary>How often a connected replica compares, to heal what should never have been lost.</summary>
    public static readonly TimeSpan Heal = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan WithoutBus = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private volatile TaskCompletionSource _changed = new();
    private volatile bool _askForAll = true;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Both are renewed before asking: a queue bound while the answer is under way makes that an answer from before the binding.
            var changed = _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var all = _askForAll;
            _askForAll = false;
            var answered = await AskAsync(all, stoppingToken);
            if (!answered && all) _askForAll = true;

            var pause = !answered ? Retry : contact.BusIsUp ? Heal : WithoutBus;
            await changed.Task.WaitAsync(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> AskAsync(bool all, CancellationToken cancel)
    {
        try
        {
            using var endpoints = clients.CreateClient(ClientName);
            var path = all ? "internal/routing" : $"internal/routing?knownPosition={table.Position}";
            using var response = await endpoints.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancel);
            response.EnsureSuccessStatusCode();
            if (response.StatusCode != HttpStatusCode.NoContent)
                table.Apply(await response.Content.ReadFromJsonAsync<RoutingSnapshot>(Json.Options, cancel) ?? throw new HttpRequestException("The snapshot is empty."));
            contact.EndpointsAnswered();
            return true;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            if (contact.EndpointsFailure != e.Message) log.LogWarning("No routing snapshot, trying again: {Reason}", e.Message);
            contact.EndpointsFailed(e.Message);
            return false;
        }
    }

    /// <inheritdoc/>
    public Task Ready(ReceiveEndpointReady ready)
    {
        contact.BusCameUp();
        _askForAll = true;
        _changed.TrySetResult();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Faulted(ReceiveEndpointFaulted faulted) => Down();

    /// <inheritdoc/>
    public Task Completed(ReceiveEndpointCompleted completed) => Down();

    /// <inheritdoc/>
    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    private Task Down()
    {
        var wasUp = contact.BusIsUp;
        contact.BusWentDown();
        if (wasUp) _changed.TrySetResult();
        return Task.CompletedTask;
    }
}

/// <summary>Registers <see cref="RoutingSync"/>.</summary>
public static class RoutingSyncRegistration
{
    /// <summary>Keeps a routing table true, and tells by <see cref="Contact"/> whether that works.</summary>
    /// <typeparam name="TTable">The table; it must be registered.</typeparam>
    /// <param name="services">The service's container.</param>
    /// <param name="endpoints">Base address of the endpoints service.</param>
    public static void AddRoutingSync<TTable>(this IServiceCollection services, Uri endpoints) where TTable : class, IRoutingTable
    {
        services.AddServiceClient(RoutingSync.ClientName, endpoints);
        services.AddSingleton<Contact>().AddSingleton<IRoutingTable>(p => p.GetRequiredService<TTable>());
        services.AddSingleton<RoutingSync>().AddHostedService(p => p.GetRequiredService<RoutingSync>());
    }
}
