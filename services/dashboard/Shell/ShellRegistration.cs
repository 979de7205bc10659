using Microsoft.AspNetCore.Diagnostics;

namespace Hypervize.Dashboard.Shell;

/// <summary>Registers what pages need.</summary>
public static class ShellRegistration
{
    // What is pasted into a field arrives as one message.
    private const int LargestMessage = 512 * 1024;

    /// <summary>Registers it.</summary>
    /// <param name="services">The container.</param>
    public static void AddPages(this IServiceCollection services)
    {
        services.AddSignalR(o => o.MaximumReceiveMessageSize = LargestMessage);
        services.Configure<Microsoft.AspNetCore.Components.Server.CircuitOptions>(o =>
        {
            // A page that lost its connection is kept for whoever comes back, but not for ever.
            (o.DisconnectedCircuitMaxRetained, o.DisconnectedCircuitRetentionPeriod) = (50, TimeSpan.FromMinutes(2));
        });
    }

    /// <summary>Lets a browser see our own page where there is nothing; programs are told in JSON, as everywhere.</summary>
    /// <param name="app">The service.</param>
    public static void UseOwnNotFoundPage(this WebApplication app) => app.Use((http, next) =>
    {
        // Where somebody else writes the bodies of failures, Blazor leaves them empty.
        if (http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)) http.Features.Set<IStatusCodePagesFeature>(null);
        return next(http);
    });
}
