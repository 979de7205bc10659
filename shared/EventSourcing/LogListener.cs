using System.Runtime.CompilerServices;
using Marten;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>Tells which streams of a service's log are appended to, on any replica: for who wants to know of changes soon, but keeps nothing of them.</summary>
/// <param name="store">The service's store.</param>
/// <param name="connectionString">The service's connection string.</param>
/// <param name="service">Name of the service.</param>
public sealed class LogListener(IDocumentStore store, string connectionString, string service)
{
    // Every commit notifies; these only bound what a lost notification costs.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgainForMissing = TimeSpan.FromMilliseconds(250);

    private readonly string _dedicated = new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false, CommandTimeout = 3, ApplicationName = ApplicationName(service),
    }.ConnectionString;

    /// <summary>The name under which its connection is seen in the database.</summary>
    /// <param name="service">Name of the service.</param>
    public static string ApplicationName(string service) => $"hypervize {service} listener";

    /// <summary>
    /// Keys of streams that were appended to, some at a time, without end. The first are none, and say that it listens: what was committed before can be read
    /// now, and of all else it will tell. Later it tells of none every few seconds while it is quiet. It takes a connection for as long as it is asked.
    /// </summary>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="NpgsqlException">The database is away; what is appended from now on is not told of.</exception>
    public async IAsyncEnumerable<IReadOnlyCollection<string>> AppendsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(_dedicated);
        await connection.OpenAsync(cancel);
        await ExecuteAsync(connection, $"listen {LogLeader.Appends}", cancel);
        // The forwarder's mark: whatever is committed up to it can be read by now.
        var reader = await LogReader.ResumeAsync(store, cancel);
        yield return [];

        while (true)
        {
            var page = await reader.ReadAsync(cancel);
            yield return [.. page.Select(e => e.StreamKey!).Distinct()];
            if (page.Count > 0) continue;
            // What was notified of meanwhile ends the wait at once. A connection that was cut off without a word is found out by a question.
            if (!await connection.WaitAsync(reader.Waits ? LookAgainForMissing : LookAgain, cancel)) await ExecuteAsync(connection, "select 1", cancel);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
