using System.Net;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;

namespace Hypervize.Proxy.Routing;

/// <summary>
/// Keeps the routing table true: messages come by this replica's own queue; each time that queue was bound anew, a snapshot is taken
/// after it, so that whatever was published before the binding is in the snapshot. While the broker is away the endpoints service is
/// asked every two seconds instead.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="contact">Told whether changes are heard of.</param>
/// <param name="clients">Clients of services.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class RoutingSync(RoutingTable table, Contact contact, IHttpClientFactory clients, TimeProvider time, ILogger<RoutingSync> log)
    : BackgroundService, IReceiveEndpointObserver
{
    /// <summary>How often a connected proxy compares, to heal what should never have been lost.</summary>
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
            using var endpoints = clients.CreateClient(Peers.Endpoints);
            var path = all ? "internal/routing" : $"internal/routing?knownPosition={table.Model.Position}";
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
