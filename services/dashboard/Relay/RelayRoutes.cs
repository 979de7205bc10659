using System.Net.Http.Headers;
using Hypervize.Dashboard.Platform;
using Hypervize.Dashboard.Sessions;
using Hypervize.Hosting;

namespace Hypervize.Dashboard.Relay;

/// <summary>
/// Streams of the public API for a page's own scripts: what they ask for goes to the platform with the session's key, which no script ever sees, and comes back as it comes.
/// </summary>
public static class RelayRoutes
{
    // A form of another site can't set it.
    private const string Ours = "X-Requested-With";

    /// <summary>Maps the routes: live logs, and chat.</summary>
    /// <param name="app">The service.</param>
    public static void MapRelay(this WebApplication app)
    {
        var relay = app.MapGroup("/relay").DisableAntiforgery();
        relay.MapGet("/endpoints/{id}/logs", (HttpContext http, string id, PlatformAccess platform, EndedSessions ended) =>
            PassAsync(http, platform, ended, HttpMethod.Get, $"v1/endpoints/{Uri.EscapeDataString(id)}/logs{http.Request.QueryString}", null));
        relay.MapPost("/endpoints/{id}/chat", async (HttpContext http, string id, PlatformAccess platform, EndedSessions ended) =>
        {
            if (http.Request.Headers[Ours].Count == 0) return Problems.From(StatusCodes.Status403Forbidden, "forbidden", $"Send the header {Ours}.");
            var body = new StreamContent(http.Request.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json"), ContentLength = http.Request.ContentLength } };
            await PassAsync(http, platform, ended, HttpMethod.Post, $"api/d/{Uri.EscapeDataString(id)}/v1/chat/completions", body);
            return Results.Empty;
        });
    }

    private static async Task PassAsync(HttpContext http, PlatformAccess platform, EndedSessions ended, HttpMethod method, string path, HttpContent? body)
    {
        var session = Session.From(http.User)!;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        void SignedOut(string id)
        {
            if (id == session.Id) gone.Cancel();
        }
        ended.Ended += SignedOut;
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body, Headers = { Authorization = new("Bearer", session.Key) } };
            foreach (var name in (string[])["Accept", "Last-Event-ID", "Prefer"])
                if (http.Request.Headers[name] is { Count: > 0 } given) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)given);
            using var client = platform.Client();
            // An endpoint that wakes begins to answer late.
            client.Timeout = Timeout.InfiniteTimeSpan;
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            http.Response.Headers.CacheControl = "no-store";
            foreach (var name in (string[])["x-hypervize-wake", "x-request-id", "Retry-After"])
                if (answer.Headers.TryGetValues(name, out var values)) http.Response.Headers[name] = string.Join(", ", values);
            await answer.Content.CopyToAsync(http.Response.Body, gone.Token);
        }
        catch (HttpRequestException) when (!http.Response.HasStarted)
        {
            await Problems.From(StatusCodes.Status503ServiceUnavailable, "platform_unavailable", "The platform does not answer just now. Try again in some seconds.").ExecuteAsync(http);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // A stream that broke must not look as if it had come to its end.
            http.Abort();
        }
        finally
        {
            ended.Ended -= SignedOut;
        }
    }
}
