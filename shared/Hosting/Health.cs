using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Hypervize.Hosting;

/// <summary><c>/health/live</c>: the process runs. <c>/health/ready</c>: it can do its work, and which dependency is down if not.</summary>
public static class Health
{
    /// <summary>Tells whether the service's database answers.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="connectionString">The service's connection string.</param>
    public static IServiceCollection AddPostgresHealth(this IServiceCollection services, string connectionString)
    {
        services.AddHealthChecks().AddAsyncCheck("postgres", async cancel =>
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(cancel);
                await using var command = new NpgsqlCommand("select 1", connection);
                await command.ExecuteScalarAsync(cancel);
                return HealthCheckResult.Healthy();
            }
            catch (NpgsqlException e)
            {
                return HealthCheckResult.Unhealthy(e.Message);
            }
        }, timeout: TimeSpan.FromSeconds(3));
        return services;
    }

    /// <summary>Tells whether the broker answers. Without it a service goes on: what it says waits in its log.</summary>
    internal static void AddBusHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<BusCheck>("bus");
        // MassTransit's own check tells the broker's address, and anyone may read the front door's health.
        services.PostConfigure<HealthCheckServiceOptions>(o =>
        {
            foreach (var own in o.Registrations.Where(r => r.Tags.Contains("masstransit")).ToArray()) o.Registrations.Remove(own);
        });
    }

    internal static void MapHealth(this WebApplication app, string service)
    {
        app.Services.GetRequiredService<HealthCheckService>();
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false, ResponseWriter = (c, r) => WriteAsync(c, service, r) }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (c, r) => WriteAsync(c, service, r),
            ResultStatusCodes =
            {
                [HealthStatus.Healthy] = StatusCodes.Status200OK,
                [HealthStatus.Degraded] = StatusCodes.Status200OK,
                [HealthStatus.Unhealthy] = StatusCodes.Status503ServiceUnavailable,
            },
        }).AllowAnonymous();
    }

    private static Task WriteAsync(HttpContext context, string service, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        Service = service,
        Status = Word(report.Status),
        Checks = report.Entries.ToDictionary(e => e.Key, e => new { Status = Word(e.Value.Status), Detail = e.Value.Description, e.Value.Data }),
    }, Json.Options);

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "up",
        HealthStatus.Degraded => "degraded",
        HealthStatus.Unhealthy => "down",
    };

    private sealed class BusCheck(IBusControl bus) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            bus.CheckHealth().Status == BusHealthStatus.Healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("The broker can't be reached, or a queue can't be read; the log says why."));
    }
}
