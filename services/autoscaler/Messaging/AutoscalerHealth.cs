using Hypervize.Autoscaler.Evaluation;
using Hypervize.Hosting.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hypervize.Autoscaler.Messaging;

/// <summary>What the autoscaler's health tells, beside the bus: whether it knows the endpoints, and whether the proxies report.</summary>
public static class AutoscalerHealth
{
    /// <summary>Adds the checks <c>endpoints</c> and <c>proxies</c>.</summary>
    /// <param name="services">The autoscaler's container.</param>
    public static void AddAutoscalerHealth(this IServiceCollection services) =>
        services.AddHealthChecks().AddCheck<EndpointsCheck>("endpoints").AddCheck<ProxiesCheck>("proxies");

    private sealed class EndpointsCheck(EndpointTable table, Contact contact) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            (table.IsPresent, contact.EndpointsFailure) switch
            {
                (false, _) => HealthCheckResult.Unhealthy("No snapshot from the endpoints service yet; the log says why."),
                (true, null) => HealthCheckResult.Healthy(data: new Dictionary<string, object> { ["endpoints"] = table.Endpoints.Count, ["position"] = table.Position }),
                (true, _) => HealthCheckResult.Degraded("The endpoints service does not answer; the log says why."),
            });
    }

    private sealed class ProxiesCheck(Evaluator evaluator, SteadyClock clock) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var knowledge = evaluator.Knowledge(clock.Now);
            var data = new Dictionary<string, object> { ["known"] = knowledge.Known, ["silent"] = knowledge.Silent };
            if (knowledge.ReportAge is { } age) data["lastReportAgeSeconds"] = Math.Round(age.TotalSeconds, 1);
            return Task.FromResult(knowledge switch
            {
                { Known: 0 } => HealthCheckResult.Degraded("No proxy reports: nothing scales and nothing sleeps.", data: data),
                { Silent: > 0 } => HealthCheckResult.Degraded("A proxy is silent: nothing scales down and nothing sleeps until it reports or is forgotten.", data: data),
                _ => HealthCheckResult.Healthy(data: data),
            });
        }
    }
}
