using Hypervize.Hosting;
using Npgsql;

namespace Hypervize.Autoscaler.History;

/// <summary>Registers what keeps the autoscaler's history.</summary>
public static class HistoryRegistration
{
    /// <summary>Registers it.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="settings">Its settings.</param>
    public static void AddHistory(this WebApplicationBuilder builder, Settings settings)
    {
        var postgres = settings.Read<PostgresSettings>("Postgres");
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(postgres.ConnectionString));
        builder.Services.AddSingleton<Verdicts>().AddSingleton<VerdictStore>().AddHostedService<VerdictKeeper>();
    }
}
