using System.Net.Http.Headers;
using System.Security.Cryptography;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypervize.Kit;

/// <summary>Whom the services of one installation believe.</summary>
public sealed class Identities
{
    /// <summary>What identities are signed with.</summary>
    public string SigningKey { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>A client under an identity.</summary>
    public HttpClient Client(Uri url, Caller caller)
    {
        var issuer = new IdentityIssuer(new IdentitySettings { SigningKey = SigningKey }, TimeProvider.System);
        return new() { BaseAddress = url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", issuer.Issue(caller)) } };
    }

    /// <summary>Plays a service: it asks for identities as the real ones do.</summary>
    /// <param name="name">The service's name.</param>
    /// <param name="routes">What it answers.</param>
    /// <param name="url">Where it listens.</param>
    public async Task<StandIn> PlayAsync(string name, Action<WebApplication> routes, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Identity:SigningKey"] = SigningKey, ["urls"] = url });
        builder.AddIdentity(new Settings(builder.Configuration, builder.Services), name);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        var app = builder.Build();
        routes(app);
        await app.StartAsync();
        return new(app, new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
    }
}

/// <summary>A service that a test plays.</summary>
public sealed class StandIn : IAsyncDisposable
{
    private readonly WebApplication _app;

    internal StandIn(WebApplication app, Uri url) => (_app, Url) = (app, url);

    public Uri Url { get; }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
