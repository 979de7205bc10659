using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Weights;

namespace Hypervize.Provisioner.Logs;

/// <summary>
/// Tells who follows an endpoint what its nodes print, as server-sent events. Files are looked at while somebody follows, and only then; each follower has a place of its own in
/// them, which it brings along when it comes again.
/// </summary>
/// <param name="streams">The capacity streams.</param>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="weights">Tells how far weights are.</param>
/// <param name="life">Tells when the service stops.</param>
/// <param name="time">Time.</param>
public sealed class LogStream(EventStreams<CapacityState, CapacityEvent> streams, LocalNodes nodes, WeightLoads weights, IHostApplicationLifetime life, TimeProvider time)
{
    private static readonly TimeSpan LookEach = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AskEach = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeartbeatAfter = TimeSpan.FromSeconds(15);

    /// <summary>Tells until the follower leaves, the service stops, or there is nothing more that may be told.</summary>
    /// <param name="http">The follower's request.</param>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="state">Its capacity.</param>
    /// <param name="tail">Lines of each node to begin with.</param>
    public async Task FollowAsync(HttpContext http, string endpointId, CapacityState state, int tail)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        var events = new EventWriter(http.Response, time);
        var output = new FollowedNodes(nodes, endpointId, tail, LogCursor.Read(http.Request.Headers["Last-Event-ID"]), events, time);
        var (fetching, wasOn, askedAt) = ((IReadOnlyList<string>)[], state.Telemetry, (long?)null);
        try
        {
            await events.BeginAsync(stop.Token);
            while (true)
            {
                if (askedAt is null || time.GetElapsedTime(askedAt.Value) >= AskEach)
                {
                    if (askedAt is not null) state = await AskAsync(endpointId, stop.Token) ?? state;
                    askedAt = time.GetTimestamp();
                    var progress = weights.Progress(endpointId);
                    if (!progress.SequenceEqual(fetching)) await events.WriteAsync("fetching", fetching = progress, stop.Token);
                    wasOn |= state.Telemetry;
                }
                var more = state.Telemetry && await output.TellAsync(stop.Token);
                if (!more && End(endpointId, state, wasOn || fetching.Count == 0) is { } end)
                {
                    await events.WriteAsync("end", end, stop.Token);
                    return;
                }
                if (events.Quiet >= HeartbeatAfter) await events.CommentAsync(stop.Token);
                if (!more) await Task.Delay(LookEach, time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It has left; or we do, and it comes again.
        }
    }

    private static OutputEnd? End(string endpointId, CapacityState state, bool needsTelemetry) => state switch
    {
        { Deleted: true } => new("endpoint_deleted", $"Endpoint {endpointId} was deleted."),
        { Telemetry: false } when needsTelemetry => new("telemetry_off",
            $"The logging and telemetry add-on of {endpointId} is off, so what its nodes print is not shown any more. Switch it on by `hypervize endpoints update {endpointId} --telemetry`."),
        _ => null,
    };

    private async Task<CapacityState?> AskAsync(string endpointId, CancellationToken cancel)
    {
        try
        {
            return (await streams.LoadAsync(CapacityState.Key(endpointId), cancel)).State;
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            return null; // The database is away: what was known last holds, and it is asked again.
        }
    }
}
