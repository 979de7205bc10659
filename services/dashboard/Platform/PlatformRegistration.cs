using Hypervize.Client;
using Hypervize.Dashboard.Sessions;

namespace Hypervize.Dashboard.Platform;

/// <summary>The platform's public API, as whoever is signed in may use it.</summary>
/// <param name="clients">Clients of the front door.</param>
public sealed class PlatformAccess(IHttpClientFactory clients)
{
    internal const string ClientName = "platform";

    /// <summary>The API with a session's key.</summary>
    /// <param name="session">The session.</param>
    public PlatformApi For(Session session) => With(session.Key);

    /// <summary>The API with a key.</summary>
    /// <param name="key">The key.</param>
    public PlatformApi With(string key) => new(Client(), key, "The platform");

    /// <summary>A client of the front door, for what is passed on as it is.</summary>
    public HttpClient Client() => clients.CreateClient(ClientName);
}

/// <summary>Registers the platform's API.</summary>
public static class PlatformRegistration
{
    // Until an answer begins; what streams after that has its own heartbeats.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Registers it.</summary>
    /// <param name="services">The container.</param>
    /// <param name="settings">Where the platform is.</param>
    public static void AddPlatform(this IServiceCollection services, DashboardSettings settings)
    {
        services.AddHttpClient(PlatformAccess.ClientName, c => (c.BaseAddress, c.Timeout) = (settings.PlatformUrl, Patience))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
        services.AddSingleton<PlatformAccess>();
    }
}
