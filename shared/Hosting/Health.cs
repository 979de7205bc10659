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
}
