using Hypervize.Contracts;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Spending;
using Hypervize.Proxy.Waking;
using Microsoft.AspNetCore.Connections;

namespace Hypervize.Proxy.Forwarding;

/// <summary>The way of an inference request: who may make it, what it says, where it goes, and what came of it.</summary>
public sealed class InferenceRoute(
    RoutingTable table, KeyCheck keys, Gates gates, NodeForwarder nodes, Heartbeats heartbeats, BodyRoom room, RequestLimiter limits, SpendTable spending, TrafficMeter meter,
    WakingSettings settings, TimeProvider time, ILogger<InferenceRoute> log)
{
    private const string PreferenceApplied = "Preference-Applied";
    private const int MostTries = 5;

    /// <summary>Serves a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="id">The endpoint.</param>
    /// <param name="path">Path below the endpoint.</param>
    public Task ServeAsync(HttpContext http, ReadOnlySpan<char> id, ReadOnlySpan<char> path)
    {
        RequestId.Take(http);
        table.TryGet(id, out var endpoint);
        if (Refusal(http, id, endpoint, out var key) is { } refused) return refused.WriteAsync(http);
        var known = InferencePath.Find(path, out var model);
        return ServeAsync(http, endpoint!, known, model, key, Refusal(http, endpoint!, known, path));
    }

    // One method awaits all that may take long, so that a request that is held costs little.
    private async Task ServeAsync(HttpContext http, RoutedEndpoint endpoint, InferencePath? known, string? model, KnownKey? key, InferenceError? error)
    {
        var arrivedAt = time.GetTimestamp();
        var (status, call, admission) = (KeyUsage.ClientGone, (InferenceCall?)null, default(Admission));
        try
        {
            if (error is null && known == InferencePath.Models) status = await ModelsAsync(http, endpoint.State, model);
            else
            {
                error ??= spending.Refusal(endpoint.State.AccountId) ?? limits.Admit(http, endpoint, key, arrivedAt, out admission);
                if (error is null)
                {
                    (var body, error) = await RequestBody.ReadAsync(http, endpoint, known!.CountsTokens, room);
                    if (body is not null) call = Arrived(http, endpoint, known, body, arrivedAt);
                }
                for (var tries = 1; call is not null; tries++)
                {
                    var waiter = gates.PassOrEnter(call, again: tries > 1, out var turn);
                    if (waiter is not null)
                    {
                        await using (http.RequestAborted.UnsafeRegister(static w => ((Waiter)w!).Abandon(), waiter)) turn = await waiter.Decided;
                        if (!gates.Left(call, waiter, turn)) continue;
                    }
                    error = turn.Error;
                    if (turn.Node is not { } node) break;

                    var outcome = Forwarded.NodeFailed;
                    try
                    {
                        outcome = await nodes.SendAsync(call, node);
                    }
                    finally
                    {
                        Settle(call, node, outcome);
                    }
                    if (outcome == Forwarded.NotSent && tries < MostTries) continue;
                    (status, error) = Ended(call, outcome);
                    break;
                }
            }
            if (error is not null) status = await EndAsync(http, call, error);
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException || http.RequestAborted.IsCancellationRequested)
        {
            log.LogDebug("A client of {Endpoint} went away: {Reason}", endpoint.State.Id, e.Message);
        }
        catch (Exception e)
        {
            log.LogError(e, "Request {RequestId} to {Endpoint} failed", http.TraceIdentifier, endpoint.State.Id);
            status = InferenceError.Internal.Status;
            if (call?.Heartbeat is { } stream) await stream.PauseAsync();
            if (!http.Response.HasStarted && call is not { HasAnswered: true }) await InferenceError.Internal.WriteAsync(http);
            else http.Abort();
        }
        finally
        {
            admission.Leave();
            if (call?.Heartbeat is { } heartbeat)
            {
                await heartbeat.PauseAsync();
                heartbeats.End(heartbeat);
            }
            Note(call, endpoint.State.Id, key?.Id ?? KeyUsage.Anyone, status, arrivedAt);
        }
    }

    private InferenceCall Arrived(HttpContext http, RoutedEndpoint endpoint, InferencePath path, RequestBody body, long arrivedAt) =>
        new(http, endpoint, path, body, arrivedAt) { Hold = Hold(http, endpoint.State.Settings.HoldSeconds), Heartbeat = body.Stream ? heartbeats.Begin(http) : null };

    private void Settle(InferenceCall call, EndpointNode node, Forwarded outcome)
    {
        if (outcome is Forwarded.NotSent or Forwarded.NodeFailed or Forwarded.Broken) gates.Failed(call.Gate!, node);
        gates.Finished(call.Gate!, node.Id);
    }

    private static (int Status, InferenceError? Error) Ended(InferenceCall call, Forwarded outcome) => outcome switch
    {
        Forwarded.Answered or Forwarded.AnsweredWithError => (call.NodeStatus ?? call.Http.Response.StatusCode, null),
        Forwarded.ClientGone => (KeyUsage.ClientGone, null),
        Forwarded.NotSent or Forwarded.NodeFailed => (InferenceError.NodeFailed.Status, InferenceError.NodeFailed),
        Forwarded.Broken => (InferenceError.Broken.Status, InferenceError.Broken),
    };

    private void Note(InferenceCall? call, string id, string key, int status, long arrivedAt)
    {
        call?.Body.Dispose();
        (call?.Gate?.Meter ?? meter.Of(id)).Ended(new(
            key, status, HadArrived: call?.Gate is not null, call?.Usage?.Prompt ?? 0, call?.Usage?.Completion ?? 0, time.GetElapsedTime(arrivedAt),
            FirstToken: call is null or { FirstPieceAt: 0 } ? null : time.GetElapsedTime(arrivedAt, call.FirstPieceAt), call?.Gaps));
    }

    // Who may know of the endpoint.
    private InferenceError? Refusal(HttpContext http, ReadOnlySpan<char> id, RoutedEndpoint? endpoint, out KnownKey? key)
    {
        var verdict = keys.Check(http.Request, out key);
        if (endpoint?.State.Settings.Access == EndpointAccess.Public) return null;
        if (KeyCheck.Refusal(verdict) is { } refusal) return new(refusal.Status, refusal.Code, refusal.Message, refusal.Status == 503 ? 1 : null);
        if (endpoint is null || (key!.Caller.AccountId != endpoint.State.AccountId && !key.Caller.IsOperator)) return InferenceError.NotFound(id.ToString());
        return key.Caller.May(KeyScope.Inference) ? null : InferenceError.ScopeMissing;
    }

    private static InferenceError? Refusal(HttpContext http, RoutedEndpoint endpoint, InferencePath? known, ReadOnlySpan<char> path)
    {
        if (endpoint.State.Status == EndpointStatus.Deleted) return InferenceError.Deleted;
        if (known is null) return InferenceError.UnknownPath(path.ToString());
        return (known == InferencePath.Models ? HttpMethods.IsGet(http.Request.Method) : HttpMethods.IsPost(http.Request.Method)) ? null : InferenceError.WrongMethod(http.Request.Method);
    }

    // The status that the client was told, or would have been.
    private static async ValueTask<int> EndAsync(HttpContext http, InferenceCall? call, InferenceError error)
    {
        if (call?.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
        if (error.Code != InferenceError.WakingCode && !http.Response.HasStarted) http.Response.Headers.Remove(PreferenceApplied);
        var isStream = http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) is true;
        // Only a stream can say that it broke; anything else must not look whole.
        if (call is { HasAnswered: true } && !isStream) http.Abort();
        else await error.WriteAsync(http, asEvent: call is { HasAnswered: true });
        return error.Status;
    }

    private TimeSpan Hold(HttpContext http, int seconds)
    {
        const string Wait = "wait=";
        if (http.Request.Headers["Prefer"] is not { Count: > 0 } preferences) return TimeSpan.FromSeconds(seconds);
        var preference = preferences.SelectMany(v => (v ?? "").Split(',')).Select(v => v.Trim()).FirstOrDefault(v => v.StartsWith(Wait, StringComparison.OrdinalIgnoreCase));
        if (preference is null || !int.TryParse(preference.AsSpan(Wait.Length), out var asked) || asked < 0) return TimeSpan.FromSeconds(seconds);
        asked = Math.Min(asked, settings.MaxHoldSeconds);
        http.Response.Headers[PreferenceApplied] = $"{Wait}{asked}";
        return TimeSpan.FromSeconds(asked);
    }

    private static async ValueTask<int> ModelsAsync(HttpContext http, EndpointState it, string? asked)
    {
        var model = new Dictionary<string, object> { ["id"] = it.Settings.Model, ["object"] = "model", ["created"] = it.CreatedAt.ToUnixTimeSeconds(), ["owned_by"] = it.AccountId };
        if (asked is not null && asked != it.Settings.Model)
        {
            await InferenceError.ModelNotFound(asked, it.Settings.Model).WriteAsync(http);
            return StatusCodes.Status404NotFound;
        }
        RequestId.Echo(http);
        await http.Response.WriteAsJsonAsync(asked is not null ? model : new() { ["object"] = "list", ["data"] = new[] { model } }, http.RequestAborted);
        return StatusCodes.Status200OK;
    }
}
