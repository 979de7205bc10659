using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests;

/// <summary>What a service saw of a request.</summary>
internal sealed record Seen(string Service, string Method, string Path, string? Caller, string? Account, Dictionary<string, string> Headers, string Body);

/// <summary>A service behind the proxy: asks for identities as the real ones do, and answers what it saw. Gives routing snapshots.</summary>
internal sealed class FakeService : IAsyncDisposable
{
    private StandIn _played = null!;

    private FakeService(string name) => Name = name;

    public string Name { get; }

    public Uri Url => _played.Url;

    public ConcurrentQueue<Seen> Requests { get; } = new();

    /// <summary>Lets a stream go on after its first event.</summary>
    public TaskCompletionSource GoOn { get; } = new();

    /// <summary>Answers <c>GET /internal/routing</c>; the argument is what the proxy already knows.</summary>
    public Func<long?, Task<RoutingSnapshot>> Routing { get; set; } = _ => Task.FromResult(new RoutingSnapshot(0, [], []));

    /// <summary>Lets <c>GET /v1/keys/slow</c> be answered.</summary>
    public TaskCompletionSource Slow { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<FakeService> StartAsync(string name, Identities identities, string url = "http://127.0.0.1:0")
    {
        var service = new FakeService(name);
        service._played = await identities.PlayAsync(name, app =>
        {
            app.MapGet("/internal/routing", (long? knownPosition) => service.Routing(knownPosition)).ForServicesOnly();
            app.MapGet("/v1/keys/redirect", (HttpContext context) =>
            {
                context.Response.Cookies.Append("session", "of-someone-else");
                return Results.Redirect("http://127.0.0.1:1/elsewhere");
            });
            app.MapGet("/v1/keys/slow", async (HttpContext context) =>
            {
                await service.Slow.Task.WaitAsync(context.RequestAborted);
                return await service.EchoAsync(context);
            });
            app.MapGet("/v1/endpoints/watched", (Delegate)StreamAsync);
            app.MapGet("/v1/keys/stream", async (HttpContext context) =>
            {
                var last = int.Parse(context.Request.Headers["Last-Event-ID"]!, System.Globalization.CultureInfo.InvariantCulture);
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync($"id: {last + 1}\n\n");
                await context.Response.Body.FlushAsync();
                await service.GoOn.Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync($"id: {last + 2}\n\n");
            });
            app.MapGet("/openapi/{**rest}", (Delegate)service.EchoAsync).AllowAnonymous();
            app.Map("/{**rest}", (Delegate)service.EchoAsync);
        }, url);
        return service;
    }

    public ValueTask DisposeAsync() => _played.DisposeAsync();

    // A stream of events without end.
    private static async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.WriteAsync("event: endpoint\ndata: {}\n\n");
            await Task.Delay(50);
        }
    }

    private async Task<Seen> EchoAsync(HttpContext context)
    {
        var caller = context.User.Identity?.IsAuthenticated is true ? Caller.From(context.User) : null;
        using var body = new StreamReader(context.Request.Body);
        var seen = new Seen(
            Name, context.Request.Method, context.Request.Path + context.Request.QueryString, caller?.Name, caller?.AccountId,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), await body.ReadToEndAsync());
        Requests.Enqueue(seen);
        return seen;
    }
}
