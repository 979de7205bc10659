using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypervize.Proxy.Tests;

/// <summary>What a service saw of a request.</summary>
internal sealed record Seen(string Service, string Method, string Path, string? Caller, string? Account, Dictionary<string, string> Headers, string Body);

/// <summary>A service behind the proxy: asks for identities as the real ones do, and answers what it saw. Gives routing snapshots.</summary>
internal sealed class FakeService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeService(WebApplication app, string name) => (_app, Name) = (app, name);

    public string Name { get; }

    public Uri Url { get; private set; } = null!;

    public ConcurrentQueue<Seen> Requests { get; } = new();

    /// <summary>Answers <c>GET /internal/routing</c>; the argument is what the proxy already knows.</summary>
    public Func<long?, Task<RoutingSnapshot>> Routing { get; set; } = _ => Task.FromResult(new RoutingSnapshot(0, [], []));

    public static async Task<FakeService> StartAsync(string name, string signingKey, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Identity:SigningKey"] = signingKey, ["urls"] = url });
        builder.AddIdentity(new Settings(builder.Configuration, builder.Services), name);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));

        var app = builder.Build();
        var service = new FakeService(app, name);
        app.MapGet("/internal/routing", (long? knownPosition) => service.Routing(knownPosition)).ForServicesOnly();
        app.MapGet("/v1/keys/redirect", (HttpContext context) =>
        {
            context.Response.Cookies.Append("session", "of-someone-else");
            return Results.Redirect("http://127.0.0.1:1/elsewhere");
        });
        app.MapGet("/openapi/{**rest}", (Delegate)service.EchoAsync).AllowAnonymous();
        app.Map("/{**rest}", (Delegate)service.EchoAsync);
        await app.StartAsync();
        service.Url = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return service;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

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
