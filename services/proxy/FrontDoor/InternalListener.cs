using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>What services may ask the proxy, at an address of its own: the port that the public reaches has no such routes.</summary>
public static class InternalListener
{
    /// <summary>Listens at the internal address too, where one is set.</summary>
    /// <param name="builder">The proxy.</param>
    /// <param name="settings">Its settings.</param>
    public static void AddInternalListener(this WebApplicationBuilder builder, ProxySettings settings)
    {
        if (settings.InternalUrl.Length == 0) return;
        var urls = builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey) is { Length: > 0 } given ? given : "http://localhost:5000";
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, $"{urls};{settings.InternalUrl}");
    }

    /// <summary>Maps <c>GET /internal/read-model</c>: how far each endpoint's stream has come here.</summary>
    /// <param name="app">The proxy.</param>
    public static void MapInternalListener(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<ProxySettings>();
        if (settings.InternalUrl.Length == 0) return;
        var port = new Uri(settings.InternalUrl).Port;
        app.MapGet("/internal/read-model", async (HttpContext context, RoutingTable table, IdentityIssuer issuer) =>
        {
            if (context.Connection.LocalPort != port) return Problems.From(404, "not_found", "There is nothing at this path.");
            var token = context.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);
            if (!await issuer.IsServiceAsync(token)) return Problems.From(401, "identity_missing", "Only services may ask this.");
            return Results.Ok(table.Model.Endpoints.Select(e => new StreamVersion(e.Key, e.Value.Version)));
        });
    }
}
