using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hypervize.Proxy.Limits;

/// <summary>Registers the limits.</summary>
public static class LimitRegistration
{
    /// <summary>Registers them; their health check is <c>limits</c>.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddLimits(this IServiceCollection services)
    {
        services.AddSingleton<RequestLimiter>();
        services.AddHealthChecks().AddCheck<SettledCheck>("limits");
    }

    private sealed class SettledCheck(RequestLimiter limits) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            limits.IsSettled ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("It has just started: the other proxies still hold all of the limits, and make room within seconds."));
    }
}
