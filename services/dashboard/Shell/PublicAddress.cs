using Microsoft.AspNetCore.HttpOverrides;

namespace Hypervize.Dashboard.Shell;

/// <summary>The address at which people see the dashboard: behind the front door, below a path.</summary>
public static class PublicAddress
{
    /// <summary>The path that everything is below.</summary>
    public const string Path = "/dashboard";

    /// <summary>Takes host and scheme from what the front door says, which alone reaches this service, and the path off.</summary>
    /// <param name="app">The service.</param>
    public static void UsePublicAddress(this WebApplication app)
    {
        var headers = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto };
        headers.KnownIPNetworks.Clear();
        headers.KnownProxies.Clear();
        app.UseForwardedHeaders(headers);
        app.UsePathBase(Path);
    }
}
