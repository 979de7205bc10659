using Marten;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>The sequence that numbers a service's events: a number is drawn before its event is committed, and may be drawn in vain.</summary>
/// <param name="store">The service's store.</param>
public sealed class LogSequence(IDocumentStore store)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly string _sequence = $"{store.Options.Events.DatabaseSchemaName}.mt_events_sequence";

    /// <summary>
    /// The log's end: whatever reads the log after this was asked sees every event up to it that will ever be. Never goes back.
    /// </summary>
    /// <param name="time">Time.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="TimeoutException">A transaction that has drawn a number stays open.</exception>
    public async Task<long> SettledAsync(TimeProvider time, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var last = await LastDrawnAsync(session, cancel);
        // Who drew a number up to the last is among these, or has ended.
        var suspects = await DrawersAsync(session, cancel);
        for (var began = time.GetTimestamp(); suspects.Count > 0; suspects.IntersectWith(await DrawersAsync(session, cancel)))
        {
            if (time.GetElapsedTime(began) > Patience) throw new TimeoutException("An append stays open, so the log's end is not settled. Try again.");
            await Task.Delay(Pause, time, cancel);
        }
        return last;
    }

    /// <summary>Transactions open now that have drawn a number.</summary>
    internal Task<HashSet<string>> DrawersAsync(IQuerySession session, CancellationToken cancel) =>
        // A transaction that draws a number takes this lock first and holds it until it has ended, and its commit can be seen.
        ReadAsync(session, rows => rows.GetString(0), $"""
            select virtualtransaction from pg_locks
            where locktype = 'relation' and mode = 'RowExclusiveLock' and relation = '{_sequence}'::regclass
            and database = (select oid from pg_database where datname = current_database())
            """, cancel);

    private async Task<long> LastDrawnAsync(IQuerySession session, CancellationToken cancel) =>
        (await ReadAsync(session, rows => rows.GetInt64(0), $"select case when is_called then last_value else 0 end from {_sequence}", cancel)).Single();

    private static async Task<HashSet<T>> ReadAsync<T>(IQuerySession session, Func<System.Data.Common.DbDataReader, T> value, string sql, CancellationToken cancel)
    {
        var values = new HashSet<T>();
        await using var command = new NpgsqlCommand(sql);
        await using var rows = await session.ExecuteReaderAsync(command, cancel);
        while (await rows.ReadAsync(cancel)) values.Add(value(rows));
        return values;
    }
}
