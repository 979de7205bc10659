using Hypervize.Hosting;

namespace Hypervize.Proxy.Spending;

/// <summary>Registers what enforces spend caps.</summary>
public static class SpendRegistration
{
    /// <summary>Registers it.</summary>
    /// <param name="services">The proxy's container.</param>
    /// <param name="billing">Base address of billing.</param>
    public static void AddSpending(this IServiceCollection services, Uri billing)
    {
        services.AddServiceClient(Peers.Billing, billing);
        services.AddSingleton<SpendSync>().AddHostedService(p => p.GetRequiredService<SpendSync>());
    }
}
