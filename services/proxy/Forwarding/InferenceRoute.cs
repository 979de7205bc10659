using Hypervize.Contracts;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Forwarding;

/// <summary>The way of an inference request: who may make it, what it says, where it goes, and what came of it.</summary>
public sealed class InferenceRoute(
    RoutingTable table, KeyCheck keys, Gates gates, NodeForwarder nodes, Heartbeats heartbeats, TrafficMeter meter, WakingSettings settings, TimeProvider time,
    ILogger<InferenceRoute> log)
{
    private const string RequestId = "x-request-id";
    private const string PreferenceApplied = "Preference-Applied";
    private const int MostTries = 5;

    /// <summary>Serves a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="id">The endpoint.</param>
    /// <param name="path">Path below the endpoint.</param>
    public async Task ServeAsync(HttpContext http, string id, string path)
    {
        var arrivedAt = time.GetTimestamp();
        if (http.Request.Headers[RequestId] is [{ Length: > 0 and <= 128 } given, ..] && given.All(c => c is > ' ' and <= '~')) http.TraceIdentifier = given;
        http.Response.Headers[RequestId] = http.TraceIdentifier;

        if (Refusal(http, id, out var endpoint, out var key) is { } refused)
        {
            await refused.WriteAsync(http);
            return;
        }
        var ended = new EndedRequest(key, KeyUsage.ClientGone, 0, 0, default, null, null);
        try
        {
            ended = await ServeAsync(http, endpoint!, key, path, arrivedAt);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested)
        {
            log.LogDebug("A client of {Endpoint} went away: {Reason}", id, e.Message);
        }
        catch (Exception e)
        {
            log.LogError(e, "Request {RequestId} to {Endpoint} failed", http.TraceIdentifier, id);
            ended = ended with { Status = InferenceError.Internal.Status };
            if (!http.Response.HasStarted) await InferenceError.Internal.WriteAsync(http);
            else http.Abort();
        }
        meter.Ended(id, ended with { Duration = time.GetElapsedTime(arrivedAt) });
    }

    private async ValueTask<EndedRequest> ServeAsync(HttpContext http, RoutedEndpoint endpoint, string key, string path, long arrivedAt)
    {
        var known = InferencePath.Find(path, out var model);
        if (Refusal(http, endpoint, known, path) is { } refused)
        {
            await refused.WriteAsync(http);
            return new(key, refused.Status, 0, 0, default, null, null);
        }
        if (known == InferencePath.Models) return new(key, await ModelsAsync(http, endpoint.State, model), 0, 0, default, null, null);

        var (body, error) = await RequestBody.ReadAsync(http, endpoint.ModelJson, known!.CountsTokens);
        if (body is null)
        {
            await error!.WriteAsync(http);
            return new(key, error.Status, 0, 0, default, null, null);
        }
        using (body)
        {
            var call = new InferenceCall(http, endpoint, known, body, arrivedAt)
            {
                HeldUntil = time.GetUtcNow() + Hold(http, endpoint.State.Settings.HoldSeconds), Heartbeat = body.Stream ? heartbeats.Begin(http) : null,
            };
            meter.Arrived(endpoint.State.Id);
            var status = KeyUsage.ClientGone;
            try
            {
                status = await ForwardAsync(call);
            }
            finally
            {
                if (call.Heartbeat is { } heartbeat)
                {
                    await heartbeat.PauseAsync();
                    heartbeats.End(heartbeat);
                }
                if (status < 500) meter.Completed(endpoint.State.Id);
                else meter.Failed(endpoint.State.Id);
            }
            TimeSpan? first = call.FirstPieceAt == 0 ? null : time.GetElapsedTime(arrivedAt, call.FirstPieceAt);
            return new(key, status, call.Usage?.Prompt ?? 0, call.Usage?.Completion ?? 0, default, first, call.Gaps);
        }
    }

    // Who may know of the endpoint; the key's id when somebody may.
    private InferenceError? Refusal(HttpContext http, string id, out RoutedEndpoint? endpoint, out string keyId)
    {
        var found = table.TryGet(id, out endpoint);
        var verdict = keys.Check(http.Request, out var key);
        keyId = key?.Id ?? KeyUsage.Anyone;
        if (found && endpoint!.State.Settings.Access == EndpointAccess.Public) return null;
        if (KeyCheck.Refusal(verdict) is { } refusal) return new(refusal.Status, refusal.Code, refusal.Message, refusal.Status == 503 ? 1 : null);
        if (!found || (key!.Caller.AccountId != endpoint!.State.AccountId && !key.Caller.IsOperator)) return InferenceError.NotFound(id);
        return key.Caller.May(KeyScope.Inference) ? null : InferenceError.ScopeMissing;
    }

    private static InferenceError? Refusal(HttpContext http, RoutedEndpoint endpoint, InferencePath? known, string path)
    {
        if (endpoint.State.Status == EndpointStatus.Deleted) return InferenceError.Deleted;
        if (known is null) return InferenceError.UnknownPath(path);
        return (known == InferencePath.Models ? HttpMethods.IsGet(http.Request.Method) : HttpMethods.IsPost(http.Request.Method)) ? null : InferenceError.WrongMethod(http.Request.Method);
    }

    // The status that the client was told.
    private async ValueTask<int> ForwardAsync(InferenceCall call)
    {
        for (var tries = 1; ; tries++)
        {
            var turn = await gates.EnterAsync(call, again: tries > 1);
            if (turn.Node is not { } node)
            {
                if (turn.Error is not { } error) return KeyUsage.ClientGone;
                if (error.Code != InferenceError.WakingCode && !call.Http.Response.HasStarted) call.Http.Response.Headers.Remove(PreferenceApplied);
                return await EndAsync(call, error);
            }

            var outcome = Forwarded.NodeFailed;
            try
            {
                outcome = await nodes.SendAsync(call, node);
            }
            finally
            {
                if (outcome is Forwarded.NotSent or Forwarded.NodeFailed or Forwarded.Broken) gates.Failed(call.Endpoint.State.Id, node);
                gates.Finished(call.Endpoint.State.Id, node.Id);
            }
            switch (outcome)
            {
                case Forwarded.NotSent when tries < MostTries:
                    continue;
                case Forwarded.Answered or Forwarded.AnsweredWithError:
                    return call.Http.Response.StatusCode;
                case Forwarded.ClientGone:
                    return KeyUsage.ClientGone;
                case Forwarded.NotSent or Forwarded.NodeFailed:
                    return await EndAsync(call, InferenceError.NodeFailed);
                case Forwarded.Broken:
                    return await EndAsync(call, InferenceError.Broken);
            }
        }
    }

    private static async ValueTask<int> EndAsync(InferenceCall call, InferenceError error)
    {
        if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
        var isStream = call.Http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) is true;
        // Only a stream can say that it broke; anything else must not look whole.
        if (call.HasAnswered && !isStream) call.Http.Abort();
        else await error.WriteAsync(call.Http, asEvent: call.HasAnswered);
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
        await http.Response.WriteAsJsonAsync(asked is not null ? model : new() { ["object"] = "list", ["data"] = new[] { model } }, http.RequestAborted);
        return StatusCodes.Status200OK;
    }
}
