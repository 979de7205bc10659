using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Keys;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hypervize.Proxy.Routing;

/// <summary>What the proxy's health tells: it can work once it has a read model, and says when that grows old.</summary>
public static class RoutingHealth
{
    /// <summary>Adds the checks <c>read-model</c>, <c>contact</c>, <c>endpoints</c> and <c>keys</c>.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddRoutingHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<ReadModelCheck>("read-model").AddCheck<ContactCheck>("contact")
            .AddCheck<EndpointsCheck>("endpoints").AddCheck<KeysCheck>("keys");
    }

    private sealed class ReadModelCheck(RoutingTable table, Contact contact, TimeProvider time) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            table.IsPresent
                ? HealthCheckResult.Healthy(data: new Dictionary<string, object>
                {
                    ["ageSeconds"] = Math.Max(0, (long)(time.GetUtcNow() - contact.Last).TotalSeconds),
                })
                : HealthCheckResult.Unhealthy("No snapshot from the endpoints service yet, and no file of an earlier run."));
    }

    private sealed class ContactCheck(Contact contact) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            contact.CutOffSince switch
            {
                null => HealthCheckResult.Healthy(),
                { Ticks: 0 } => HealthCheckResult.Degraded("cut off since the start"),
                { } since => HealthCheckResult.Degraded($"cut off since {since:yyyy-MM-ddTHH:mm:ssZ}"),
            });
    }

    private sealed class EndpointsCheck(Contact contact) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            contact.EndpointsFailure is null ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("The endpoints service does not answer; the log says why."));
    }

    private sealed class KeysCheck(KeyCheck check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            check.IsStale
                ? HealthCheckResult.Degraded("Cut off for longer than keys are believed; all are refused.")
                : HealthCheckResult.Healthy());
    }
}
