using Hypervize.Hosting;
using Hypervize.Proxy.Keys;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>The way to the services: the key is checked here, once, and a signed identity goes on in its place.</summary>
/// <param name="keys">Checks keys.</param>
/// <param name="identities">Signed identities of callers.</param>
/// <param name="open">Requests that are let through.</param>
/// <param name="log">Log.</param>
public sealed class FrontDoor(KeyCheck keys, IdentityCache identities, OpenRequests open, ILogger<FrontDoor> log)
{
    // What a service takes is 64 KB; it says so itself to those just above.
    private const long LargestBody = 72 * 1024;

    // A conversation in the dashboard's playground, which is an inference request in the end.
    private const long LargestOfDashboard = 4 * 1024 * 1024;

    /// <summary>Lets a request through with its caller's identity, or refuses it. The dashboard knows its callers by sessions of its own.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">The rest of the way.</param>
    public Task AuthenticateAsync(HttpContext context, RequestDelegate next)
    {
        var route = context.GetReverseProxyFeature().Route.Config;
        if (route.IsDashboard()) return open.ServeAsync(context, null, next);
        if (route.IsPublic())
        {
            context.Request.Headers.Authorization = default;
            return open.ServeAsync(context, null, next);
        }
        var verdict = keys.Check(context.Request, out var key);
        if (KeyCheck.Refusal(verdict) is { } refusal) return KeyRefusals.WriteAsync(context, verdict, refusal);

        context.Request.Headers.Authorization = $"Bearer {identities.TokenOf(key!.Caller)}";
        return open.ServeAsync(context, key, next);
    }

    /// <summary>Bounds the body, and turns a failed forwarding into an answer that says which service failed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">The rest of the way.</param>
    public async Task ForwardAsync(HttpContext context, RequestDelegate next)
    {
        var (largest, words) = context.GetReverseProxyFeature().Route.Config.IsDashboard() ? (LargestOfDashboard, "4 MB") : (LargestBody, "64 KB");
        if (context.Request.ContentLength > largest)
        {
            await TooLarge(words).ExecuteAsync(context);
            return;
        }
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = largest;

        await next(context);

        if (context.GetForwarderErrorFeature() is not { } failure || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
        var service = context.GetReverseProxyFeature().Cluster.Config.ClusterId;
        log.LogWarning(
            "{Method} {Path} failed at {Service}: {Error}, {Reason}", context.Request.Method, context.Request.Path, service, failure.Error, failure.Exception?.Message);
        context.Response.Clear();
        await Answer(failure, service, words).ExecuteAsync(context);
    }

    private static IResult Answer(IForwarderErrorFeature failure, string service, string largest) => BadRequest(failure.Exception) switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge(largest),
        { StatusCode: var status } => Problems.From(status, "request_malformed", "The request's body could not be read."),
        null when failure.Error == ForwarderError.RequestTimedOut =>
            Problems.From(504, "service_timeout", $"The {service} service did not answer in time. Whether it acted is not known; look before you repeat."),
        null => Problems.From(503, "service_unavailable", $"The {service} service can't be reached. Try again shortly."),
    };

    // Reading the body fails inside of sending it on, so the cause lies under other exceptions.
    private static BadHttpRequestException? BadRequest(Exception? failure) => failure switch
    {
        null => null,
        BadHttpRequestException bad => bad,
        AggregateException several => several.InnerExceptions.Select(BadRequest).FirstOrDefault(bad => bad is not null),
        _ => BadRequest(failure.InnerException),
    };

    private static IResult TooLarge(string largest) => Problems.From(413, "body_too_large", $"The body is larger than {largest}.");
}

/// <summary>Maps the front door.</summary>
public static class FrontDoorRoutes
{
    /// <summary>Maps the routes of the services, and an honest 404 for all that is nobody's.</summary>
    /// <param name="app">The proxy.</param>
    public static void MapFrontDoor(this WebApplication app)
    {
        var door = app.Services.GetRequiredService<FrontDoor>();
        app.MapReverseProxy(pipeline =>
        {
            pipeline.Use(door.AuthenticateAsync);
            pipeline.Use(door.ForwardAsync);
        });
        // Whoever opens the platform's address in a browser means the dashboard.
        if (app.Services.GetRequiredService<PeerSettings>().Dashboard is not null)
            app.MapGet("/", (HttpRequest request) => request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal) ? Results.Redirect("/dashboard/") : Nothing());
        app.MapFallback("{**path}", Nothing);
    }

    private static IResult Nothing() => Problems.From(404, "not_found", "There is nothing at this path. GET /openapi/v1.json lists what there is.");
}
