using System.Globalization;
using System.Text.Json;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Forwarding;

/// <summary>An error of the inference surface, in OpenAI's shape. The codes are stable; clients may program against them.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="RetryAfterSeconds">When to try again; null when trying again does not help.</param>
public sealed record InferenceError(int Status, string Code, string Message, int? RetryAfterSeconds = null)
{
    /// <summary>Code of a request that was held, and for too long.</summary>
    public const string WakingCode = "endpoint_waking";

    /// <summary>No endpoint of that id that this caller may see.</summary>
    public static InferenceError NotFound(string id) => new(404, "endpoint_not_found", $"There is no endpoint {id} that this key can call. Check the URL and the key.");

    /// <summary>The endpoint was deleted.</summary>
    public static InferenceError Deleted { get; } = new(404, "endpoint_deleted", "This endpoint was deleted.");

    /// <summary>A path that is not passed on.</summary>
    public static InferenceError UnknownPath(string path) => new(404, "unknown_path", $"There is no {path} here. There are {string.Join(", ", InferencePath.All.Select(p => p.Name))}.");

    /// <summary>A path called with the wrong method.</summary>
    public static InferenceError WrongMethod(string method) => new(405, "method_not_allowed", $"{method} is not possible here: send inference requests with POST, and GET models.");

    /// <summary>A key that may not call.</summary>
    public static InferenceError ScopeMissing { get; } = new(403, "scope_missing", "This key may not call endpoints. Use one with scope inference.");

    /// <summary>The body is not JSON by its own account.</summary>
    public static InferenceError ContentType { get; } = new(415, "content_type", "Send the body as application/json, not encoded.");

    /// <summary>The body is too large.</summary>
    public static InferenceError TooLarge { get; } = new(413, "body_too_large", $"A body has at most {RequestBody.MostBytes / 1024 / 1024} MB.");

    /// <summary>There is no room for a body as large as this.</summary>
    public static InferenceError NoRoom { get; } = new(503, "proxy_full", "The bodies of other requests take all the room for large ones here. Send the request again in a moment.", 1);

    /// <summary>The body came too slowly.</summary>
    public static InferenceError TooSlow { get; } = new(408, "body_too_slow", "The body did not come in time. Send it without long pauses.");

    /// <summary>The body is not what it should be.</summary>
    public static InferenceError InvalidJson(string why) => new(400, "invalid_json", why);

    /// <summary>A query that a node might read as the end of the request's line.</summary>
    public static InferenceError InvalidQuery { get; } = new(400, "invalid_query", "The query has control characters in it. Escape them, as in %0D.");

    /// <summary>The hold ran out.</summary>
    public static InferenceError Waking(int retryAfter, string why) => new(503, WakingCode, why, retryAfter);

    /// <summary>The proxy stops, and can't hold it any longer.</summary>
    public static InferenceError Leaving { get; } = new(503, "proxy_leaving", "This proxy was told to stop. Send the request again in a moment.", 1);

    /// <summary>Too many wait already.</summary>
    public static InferenceError QueueFull(int retryAfter) => new(503, "endpoint_queue_full", "Too many requests wait for this endpoint already. Try again later.", retryAfter);

    /// <summary>Too many requests began within a minute.</summary>
    public static InferenceError TooOften(string whose, int limit, int retryAfter) =>
        new(429, "rate_limit_exceeded", $"{whose} may make {Requests(limit)} per minute, and has. Try again in {retryAfter} s.", retryAfter);

    /// <summary>Too many requests are under way.</summary>
    public static InferenceError TooMany(string whose, int limit) =>
        new(429, "concurrency_limit_exceeded", $"{whose} may have {Requests(limit)} under way at once, and has. Try again when one has ended.", 1);

    /// <summary>The account of the endpoint spent what it may in this month.</summary>
    public static InferenceError SpendCapReached(ReachedCap cap) => new(402, "spend_cap_reached", string.Create(CultureInfo.InvariantCulture,
        $"The monthly spend cap of this endpoint's account, {cap.CapUsd:0.00} USD, is reached. Its owner can raise or remove it (PUT /v1/billing/cap); else calls are served again from the next month on."));

    /// <summary>The node failed before it answered; whether it worked on the request is not known.</summary>
    public static InferenceError NodeFailed { get; } = new(502, "node_failed", "The node failed before it answered. Try again.", 1);

    /// <summary>Something here is broken.</summary>
    public static InferenceError Internal { get; } = new(500, "internal_error", "The platform failed to serve this request. The request id helps its operator to find out why.");

    /// <summary>A model that this endpoint does not have.</summary>
    public static InferenceError ModelNotFound(string asked, string model) => new(404, "model_not_found", $"There is no model {asked} here; this endpoint serves {model}.");

    /// <summary>The node's answer broke off.</summary>
    public static InferenceError Broken { get; } = new(502, "upstream_broken", "The node's answer broke off. What came before is incomplete.");

    private static string Requests(int count) => $"{count} request{(count == 1 ? "" : "s")}";

    /// <summary>The error as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(new { error = new { message = Message, type = Status switch { 429 => "rate_limit_error", 402 => "insufficient_quota", < 500 => "invalid_request_error", _ => "server_error" }, param = (string?)null, code = Code } });

    /// <summary>Answers with the error, or ends a stream that began with it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="asEvent">Whether a stream began, although nothing of it may have left yet.</param>
    public async Task WriteAsync(HttpContext http, bool asEvent = false)
    {
        if (http.RequestAborted.IsCancellationRequested) return;
        if (asEvent || http.Response.HasStarted)
        {
            await http.Response.WriteAsync($"data: {ToJson()}\n\n", http.RequestAborted);
            return;
        }
        RequestId.Echo(http);
        http.Response.ContentLength = null; // That of an answer which broke off before any of it was passed on.
        http.Response.StatusCode = Status;
        http.Response.ContentType = "application/json";
        if (RetryAfterSeconds is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        // OpenAI's own clients repeat what failed with a server error, unless told not to.
        else if (Status >= 500) http.Response.Headers["x-should-retry"] = "false";
        if (Status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        await http.Response.WriteAsync(ToJson(), http.RequestAborted);
    }
}
