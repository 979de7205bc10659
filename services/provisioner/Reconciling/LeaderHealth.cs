using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hypervize.Provisioner.Reconciling;

/// <summary>Tells whether this replica leads. One that does not is as healthy: it takes over when the other dies.</summary>
/// <param name="reconciler">The reconciler.</param>
public sealed class LeaderHealth(Reconciler reconciler) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HealthCheckResult.Healthy(data: new Dictionary<string, object> { ["leads"] = reconciler.Leads }));
}
