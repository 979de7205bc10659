using System.Text.Json;
using Hypervize.Autoscaling.Policy;
using Hypervize.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace Hypervize.Autoscaler.History;

/// <summary>Findings in the autoscaler's own schema: a row for each run, and none for what is evaluated again and found the same.</summary>
/// <param name="source">The database.</param>
public sealed class VerdictStore(NpgsqlDataSource source)
{
    /// <summary>For how long findings are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // A run that goes on is written once a minute: until then, its row ends too early.
    private static readonly TimeSpan UntilWritten = TimeSpan.FromSeconds(75);

    /// <summary>Makes the table, where there is none.</summary>
    /// <param name="cancel">Stops.</param>
    public Task PrepareAsync(CancellationToken cancel) => ExecuteAsync("""
        create schema if not exists autoscaler;
        create table if not exists autoscaler.findings (
            endpoint_id text not null, began timestamptz not null, ended timestamptz not null, finding jsonb not null, primary key (endpoint_id, began));
        create index if not exists findings_ended on autoscaler.findings (ended);
        """, cancel);

    /// <summary>Keeps runs; one that was kept before is replaced.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="cancel">Stops.</param>
    public Task SaveAsync(IReadOnlyList<VerdictRun> runs, CancellationToken cancel) => ExecuteAsync("""
        insert into autoscaler.findings (endpoint_id, began, ended, finding) select * from unnest($1, $2, $3, $4)
        on conflict (endpoint_id, began) do update set ended = excluded.ended, finding = excluded.finding
        """, cancel,
        new() { Value = runs.Select(r => r.EndpointId).ToArray() },
        new() { Value = runs.Select(r => r.From.UtcDateTime).ToArray() },
        new() { Value = runs.Select(r => r.To.UtcDateTime).ToArray() },
        new() { Value = runs.Select(r => JsonSerializer.Serialize(r.ToFinding(), Json.Options)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });

    /// <summary>The end of the last finding that was kept, of any endpoint.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<DateTimeOffset> LastAsync(CancellationToken cancel)
    {
        await using var command = source.CreateCommand("select max(ended) from autoscaler.findings");
        return await command.ExecuteScalarAsync(cancel) is DateTime last ? new(last) : DateTimeOffset.MinValue;
    }

    /// <summary>Lets go of findings that are too old.</summary>
    /// <param name="before">Those that ended before this moment.</param>
    /// <param name="cancel">Stops.</param>
    public Task ForgetAsync(DateTimeOffset before, CancellationToken cancel) =>
        ExecuteAsync("delete from autoscaler.findings where ended < $1", cancel, new NpgsqlParameter { Value = before.UtcDateTime });

    /// <summary>The last findings up to a moment, the newest first.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="until">They began at this moment or before.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<Finding>> ReadAsync(string endpointId, DateTimeOffset until, int most, CancellationToken cancel)
    {
        await using var command = source.CreateCommand("select finding from autoscaler.findings where endpoint_id = $1 and began <= $2 order by began desc limit $3");
        foreach (var value in (object[])[endpointId, until.UtcDateTime, most]) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<Finding>();
        while (await reader.ReadAsync(cancel)) found.Add(JsonSerializer.Deserialize<Finding>(reader.GetString(0), Json.Options)!);
        return found;
    }

    /// <summary>What was found at a moment; null when the endpoint was not evaluated then.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="at">The moment.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Finding?> AtAsync(string endpointId, DateTimeOffset at, CancellationToken cancel) =>
        await ReadAsync(endpointId, at, 1, cancel) is [var last] && at - last.To < UntilWritten ? last : null;

    private async Task ExecuteAsync(string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
