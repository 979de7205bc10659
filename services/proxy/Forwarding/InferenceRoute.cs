using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Waking;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hypervize.Proxy.Forwarding;

/// <summary>The way of an inference request: who may make it, what it says, where it goes, and what came of it.</summary>
public sealed class InferenceRoute(RoutingTable table, KeyCheck keys, Gates gates, NodeForwarder nodes, TrafficMeter meter, WakingSettings settings, TimeProvider time)
{
    private const string PreferenceApplied = "Preference-Applied";
    private const int MostTries = 5;
    private static readonly ReadOnlyMemory<byte> Heartbeat = ": waking\n\n"u8.ToArray();

    /// <summary>Serves a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="id">The endpoint.</param>
    /// <param name="path">Path below the endpoint.</param>
    public async Task ServeAsync(HttpContext http, string id, string path)
    {
        if (http.Request.Headers["x-request-id"] is [{ Length: > 0 and <= 128 } given, ..] && given.All(c => c is > ' ' and <= '~')) http.TraceIdentifier = given;
        http.Response.Headers["x-request-id"] = http.TraceIdentifier;

        if (Refusal(http, id, path, out var endpoint, out var known) is { } refused)
        {
            await refused.WriteAsync(http);
            return;
        }
        if (known == InferencePaths.Models)
        {
            await WriteModelsAsync(http, endpoint!.State);
            return;
        }

        var (body, error) = await RequestBody.ReadAsync(http);
        if (body is null)
        {
            await error!.WriteAsync(http);
            return;
        }
        using (body)
        {
            meter.Arrived(id);
            var served = false;
            try
            {
                served = await ForwardAsync(http, endpoint!, known!, body);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                served = true; // Nobody is there to be served; nothing failed.
            }
            finally
            {
                if (served) meter.Completed(id);
                else meter.Failed(id);
            }
        }
    }

    private InferenceError? Refusal(HttpContext http, string id, string path, out RoutedEndpoint? endpoint, out string? known)
    {
        known = InferencePaths.Known(path);
        var found = table.TryGet(id, out endpoint);
        var verdict = keys.Check(http.Request, out var caller);
        var isPublic = found && endpoint!.State.Settings.Access == EndpointAccess.Public;
        if (!isPublic && KeyCheck.Refusal(verdict) is { } refusal) return new(refusal.Status, refusal.Code, refusal.Message, refusal.Status == 503 ? 1 : null);
        if (!found || (!isPublic && caller!.AccountId != endpoint!.State.AccountId && !caller.IsOperator)) return InferenceError.NotFound(id);
        if (!isPublic && !caller!.May(KeyScope.Inference)) return InferenceError.ScopeMissing;
        if (endpoint!.State.Status == EndpointStatus.Deleted) return InferenceError.Deleted;
        if (known is null) return InferenceError.UnknownPath(path);
        return (known == InferencePaths.Models ? HttpMethods.IsGet(http.Request.Method) : HttpMethods.IsPost(http.Request.Method)) ? null : InferenceError.WrongMethod(http.Request.Method);
    }

    // True when the client got an answer that is no failure of ours or of the node's.
    private async Task<bool> ForwardAsync(HttpContext http, RoutedEndpoint endpoint, string path, RequestBody body)
    {
        var state = endpoint.State;
        var model = JsonSerializer.SerializeToUtf8Bytes(state.Settings.Model);
        var until = time.GetUtcNow() + Hold(http, state.Settings.HoldSeconds);
        Func<Task>? heartbeat = body.Stream ? () => BeatAsync(http) : null;
        for (var tries = 1; ; tries++)
        {
            var turn = await gates.EnterAsync(endpoint, body.Bytes, until, heartbeat, again: tries > 1, http.RequestAborted);
            if (turn.Node is not { } node)
            {
                if (turn.Error is { } error)
                {
                    if (error.Code != InferenceError.WakingCode && !http.Response.HasStarted) http.Response.Headers.Remove(PreferenceApplied);
                    await error.WriteAsync(http);
                }
                return turn.Error is null or { Status: < 500 };
            }

            var outcome = Forwarded.NodeFailed;
            try
            {
                outcome = await nodes.SendAsync(http, node.Address!, path, body.ToContent(model));
            }
            finally
            {
                gates.Finished(state.Id, node.Id, reached: outcome != Forwarded.NotSent);
            }
            if (outcome != Forwarded.NotSent || tries == MostTries) return await EndAsync(http, outcome);
        }
    }

    private static async Task<bool> EndAsync(HttpContext http, Forwarded outcome)
    {
        switch (outcome)
        {
            case Forwarded.Answered or Forwarded.ClientGone:
                return true;
            case Forwarded.AnsweredWithError:
                return false;
            case Forwarded.NotSent or Forwarded.NodeFailed:
                await InferenceError.NodeFailed.WriteAsync(http);
                return false;
            case Forwarded.Broken:
                // Only a stream can say that it broke; anything else must not look whole.
                if (http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) is true) await InferenceError.Broken.WriteAsync(http);
                else http.Abort();
                return false;
            default:
                throw new InvalidOperationException($"{outcome} has no end.");
        }
    }

    private TimeSpan Hold(HttpContext http, int seconds)
    {
        const string Wait = "wait=";
        var preference = http.Request.Headers["Prefer"].SelectMany(v => (v ?? "").Split(',')).Select(v => v.Trim()).FirstOrDefault(v => v.StartsWith(Wait, StringComparison.OrdinalIgnoreCase));
        if (preference is null || !int.TryParse(preference.AsSpan(Wait.Length), out var asked) || asked < 0) return TimeSpan.FromSeconds(seconds);
        asked = Math.Min(asked, settings.MaxHoldSeconds);
        http.Response.Headers[PreferenceApplied] = $"{Wait}{asked}";
        return TimeSpan.FromSeconds(asked);
    }

    // From the first heartbeat on this is a stream, whatever comes: later failures can only be events of it.
    private static async Task BeatAsync(HttpContext http)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Response.Headers.CacheControl = "no-cache";
        }
        await http.Response.Body.WriteAsync(Heartbeat, http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private static Task WriteModelsAsync(HttpContext http, EndpointState it) => http.Response.WriteAsJsonAsync(new Dictionary<string, object>
    {
        ["object"] = "list",
        ["data"] = new[] { new Dictionary<string, object> { ["id"] = it.Settings.Model, ["object"] = "model", ["created"] = it.CreatedAt.ToUnixTimeSeconds(), ["owned_by"] = it.AccountId } },
    }, http.RequestAborted);
}

/// <summary>Maps the inference surface.</summary>
public static class InferenceRoutes
{
    /// <summary>Registers what serves it.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddInference(this IServiceCollection services)
    {
        services.AddSingleton<WakeCaller>().AddSingleton<NodeForwarder>().AddSingleton<InferenceRoute>();
        services.AddSingleton<Gates>().AddHostedService(p => p.GetRequiredService<Gates>());
        // Headers are passed on byte by byte, whatever they hold beyond ASCII.
        services.Configure<KestrelServerOptions>(k => (k.RequestHeaderEncodingSelector, k.ResponseHeaderEncodingSelector) = (_ => Encoding.Latin1, _ => Encoding.Latin1));
    }

    /// <summary>Maps <c>/api/d/{id}/…</c>.</summary>
    /// <param name="app">The proxy.</param>
    public static void MapInference(this WebApplication app)
    {
        var route = app.Services.GetRequiredService<InferenceRoute>();
        app.Map("/api/d/{id}/{**path}", (RequestDelegate)(http => route.ServeAsync(http, (string)http.GetRouteValue("id")!, (string?)http.GetRouteValue("path") ?? "")));
    }
}
