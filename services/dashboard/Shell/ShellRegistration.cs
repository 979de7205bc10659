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
}
