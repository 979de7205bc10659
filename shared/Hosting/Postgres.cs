using System.ComponentModel.DataAnnotations;
using Hypervize.EventSourcing;
using Microsoft.AspNetCore.Builder;

namespace Hypervize.Hosting;

/// <summary>Where the service's own database is.</summary>
public sealed class PostgresSettings
{
    /// <summary>Npgsql connection string.</summary>
    [Required] public string ConnectionString { get; set; } = "";
}

/// <summary>The event log as all services keep it.</summary>
public static class Postgres
{
    /// <summary>Adds the service's event log, in a schema of its name, and tells in its health whether the database answers.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="service">Its name.</param>
    public static EventLog AddEventLog(this WebApplicationBuilder builder, Settings settings, string service)
    {
        var postgres = settings.Read<PostgresSettings>("Postgres");
        builder.Services.AddPostgresHealth(postgres.ConnectionString);
        return EventLog.Add(builder.Services, service, postgres.ConnectionString);
    }
}
