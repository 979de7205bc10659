using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Waking;

/// <summary>
/// Asks the owner of endpoints to wake one that requests wait for: one call outstanding per endpoint, repeated until the read model
/// shows another status, or nobody waits any more.
/// </summary>
public sealed class WakeCaller(IHttpClientFactory clients, RoutingTable table, ProxyInstance proxy, TimeProvider time, ILogger<WakeCaller> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, byte> _calling = new(StringComparer.Ordinal);

    /// <summary>Sees to it that an endpoint is being asked for.</summary>
    /// <param name="gate">The gate that requests wait at for it.</param>
    public void Ensure(Gate gate)
    {
        if (_calling.TryAdd(gate.Endpoint.State.Id, 0)) _ = CallAsync(gate);
    }

    private async Task CallAsync(Gate gate)
    {
        await Task.Yield();
        var endpointId = gate.Endpoint.State.Id;
        try
        {
            var pause = FirstPause;
            while (gate.Waiting > 0 && table.TryGet(endpointId, out var endpoint) && endpoint.State.Status == EndpointStatus.Hibernated)
            {
                await AskAsync(endpointId, new(endpoint.Version, proxy.Id, gate.Waiting));
                await Task.Delay(pause, time);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        finally
        {
            _calling.TryRemove(endpointId, out _);
        }
        // It may have fallen asleep again, with new waiters, between the last look and now.
        if (gate.Waiting > 0 && table.TryGet(endpointId, out var again) && again.State.Status == EndpointStatus.Hibernated) Ensure(gate);
    }

    private async Task AskAsync(string endpointId, WakeEndpoint wake)
    {
        try
        {
            using var client = clients.CreateClient(Peers.Endpoints);
            using var answer = await client.PostAsJsonAsync($"internal/endpoints/{endpointId}/wake", wake, Json.Options);
            if (!answer.IsSuccessStatusCode) log.LogWarning("Waking {Endpoint} was answered with {Status}", endpointId, (int)answer.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            log.LogWarning("Waking {Endpoint} failed, trying again: {Reason}", endpointId, e.Message);
        }
    }
}
