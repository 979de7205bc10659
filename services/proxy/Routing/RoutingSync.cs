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
    private TaskCompletionSource _bound = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var complete = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            // Renewed before asking: a queue bound while the answer is under way makes that answer one from before the binding.
            if (_bound.Task.IsCompleted)
            {
                complete = true;
                Interlocked.Exchange(ref _bound, new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            var answered = await AskAsync(complete, stoppingToken);
            if (answered) complete = false;
            var pause = !answered ? Retry : contact.BusIsUp ? Heal : WithoutBus;
            await _bound.Task.WaitAsync(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> AskAsync(bool complete, CancellationToken cancel)
    {
        try
        {
            using var endpoints = clients.CreateClient(Peers.Endpoints);
            var path = complete ? "internal/routing" : $"internal/routing?knownPosition={table.Model.Position}";
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
        _bound.TrySetResult();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Faulted(ReceiveEndpointFaulted faulted) => Down();

    /// <inheritdoc/>
    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Completed(ReceiveEndpointCompleted completed) => Down();

    private Task Down()
    {
        contact.BusWentDown();
        return Task.CompletedTask;
    }
}
