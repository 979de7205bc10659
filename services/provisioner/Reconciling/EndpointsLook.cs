using System.Net;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Capacity;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>
/// Looks at all endpoints at start, whenever the bus was away, and each half minute: a message that was lost is made good for. An
/// endpoint that is not listed any more was deleted.
/// </summary>
/// <param name="clients">Clients of services.</param>
/// <param name="asks">Takes what they ask.</param>
/// <param name="capacities">The capacity streams.</param>
/// <param name="log">Log.</param>
public sealed class EndpointsLook(IHttpClientFactory clients, EndpointAsks asks, CapacityLog capacities, ILogger<EndpointsLook> log)
    : IDisposable
{
    /// <summary>Name of the client of the endpoints service.</summary>
    public const string ClientName = "endpoints";

    private static readonly TimeSpan Each = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _now = new(0);
    private long? _position;

    /// <summary>Has it look at once: messages may have been lost.</summary>
    public void LookNow() => _now.Release();

    /// <inheritdoc/>
    public void Dispose() => _now.Dispose();

    /// <summary>Looks again and again.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var pause = Each;
            try
            {
                await LookAsync(cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                log.LogInformation("Could not look at all endpoints, trying again: {Reason}", e.Message);
                pause = RetryAfter;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await ((Task)_now.WaitAsync(pause, cancel)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        // Read before asking: what is in these streams was known to the endpoints service before it answers, so what it does not list is gone.
        var active = await capacities.ActiveAsync(cancel);
        using var endpoints = clients.CreateClient(ClientName);
        using var response = await endpoints.GetAsync(_position is { } known ? $"internal/routing?knownPosition={known}" : "internal/routing", cancel);
        if (response.EnsureSuccessStatusCode().StatusCode == HttpStatusCode.NoContent) return;
        var routing = await response.Content.ReadFromJsonAsync<RoutingSnapshot>(Json.Options, cancel) ?? throw new HttpRequestException("The answer is empty.");
        foreach (var endpoint in routing.Endpoints) await asks.TakeAsync(endpoint.Version, endpoint.State, cancel);

        var listed = routing.Endpoints.Select(e => e.State.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (endpointId, capacity) in active.Where(a => !listed.Contains(a.Key) && (a.Value.Wanted > 0 || a.Value.Nodes.Any(n => n.Release is null))))
            await TakeUnlistedAsync(endpoints, endpointId, capacity, cancel);
        _position = routing.Position;
    }

    // Its last state says which of its nodes drain, and since which version proxies know it.
    private async Task TakeUnlistedAsync(HttpClient endpoints, string endpointId, CapacityState capacity, CancellationToken cancel)
    {
        var last = await LastAsync(endpoints, endpointId, capacity.EndpointVersion, cancel);
        if (last is not null) await asks.TakeAsync(last.Version, last.State, cancel);
        else if (await LastAsync(endpoints, endpointId, 0, cancel) is null)
        {
            log.LogWarning("{EndpointId} is not known to the endpoints service at all; its nodes are let go of", endpointId);
            await asks.TakeGoneAsync(endpointId, capacity, cancel);
        }
    }

    private static async Task<EndpointChanged?> LastAsync(HttpClient endpoints, string endpointId, long after, CancellationToken cancel)
    {
        EndpointChanged? last = null;
        while (true)
        {
            var page = await endpoints.GetFromJsonAsync<IReadOnlyList<EndpointChanged>>(
                $"internal/endpoints/{endpointId}/events?after={last?.Version ?? after}", Json.Options, cancel) ?? [];
            if (page.Count == 0) return last;
            last = page[^1];
        }
    }
}
