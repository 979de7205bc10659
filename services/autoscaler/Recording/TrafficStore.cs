using System.Text.Json;
using Hypervize.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace Hypervize.Autoscaler.Recording;

/// <summary>A time for which traffic was watched without a gap.</summary>
/// <param name="From">When it began.</param>
/// <param name="To">When it ended, or until when it is written.</param>
public readonly record struct Watched(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>How much of a time it is, seconds.</summary>
    /// <param name="from">When that begins.</param>
    /// <param name="to">When it ends.</param>
    public double Within(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, ((To < to ? To : to) - (From > from ? From : from)).TotalSeconds);
}

/// <summary>Recorded traffic in the autoscaler's own schema: intervals of ten seconds for a day, of a minute for 30 days.</summary>
/// <param name="source">The database.</param>
public sealed class TrafficStore(NpgsqlDataSource source)
{
    /// <summary>For how long short intervals are kept.</summary>
    public static readonly TimeSpan ShortKept = TimeSpan.FromDays(1);

    /// <summary>For how long long ones are.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Makes the tables, where there are none.</summary>
    /// <param name="cancel">Stops.</param>
    public Task PrepareAsync(CancellationToken cancel) => ExecuteAsync("""
        create schema if not exists autoscaler;
        create table if not exists autoscaler.traffic (
            endpoint_id text not null, length smallint not null, began timestamptz not null, point jsonb not null, primary key (endpoint_id, length, began));
        create index if not exists traffic_began on autoscaler.traffic using brin (began);
        create table if not exists autoscaler.watched (began timestamptz primary key, ended timestamptz not null);
        """, cancel);

    /// <summary>Keeps points; of one that is there already, the first stays.</summary>
    /// <param name="length">How long their intervals are, seconds.</param>
    /// <param name="points">The points, by endpoint.</param>
    /// <param name="cancel">Stops.</param>
    public Task SaveAsync(int length, IReadOnlyCollection<KeyValuePair<string, TrafficPoint>> points, CancellationToken cancel) => ExecuteAsync("""
        insert into autoscaler.traffic (endpoint_id, length, began, point) select id, $1, began, point from unnest($2, $3, $4) as t (id, began, point)
        on conflict do nothing
        """, cancel,
        new() { Value = (short)length },
        new() { Value = points.Select(p => p.Key).ToArray() },
        new() { Value = points.Select(p => p.Value.At.UtcDateTime).ToArray() },
        new() { Value = points.Select(p => JsonSerializer.Serialize(p.Value, Json.Options)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });

    /// <summary>Notes that traffic was watched.</summary>
    /// <param name="time">For how long; replaces what was noted of the same beginning.</param>
    /// <param name="cancel">Stops.</param>
    public Task SaveAsync(Watched time, CancellationToken cancel) => ExecuteAsync(
        "insert into autoscaler.watched (began, ended) values ($1, $2) on conflict (began) do update set ended = excluded.ended", cancel,
        new() { Value = time.From.UtcDateTime }, new() { Value = time.To.UtcDateTime });

    /// <summary>When traffic was watched, oldest first.</summary>
    /// <param name="from">From this moment on.</param>
    /// <param name="to">Until this one.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<Watched>> WatchedAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await using var command = Command("select began, ended from autoscaler.watched where ended > $1 and began < $2 order by began", from.UtcDateTime, to.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<Watched>();
        while (await reader.ReadAsync(cancel)) found.Add(new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1)));
        return found;
    }

    /// <summary>When traffic was watched last; null when it never was.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<Watched?> LastWatchedAsync(CancellationToken cancel)
    {
        await using var command = source.CreateCommand("select began, ended from autoscaler.watched order by ended desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1)) : null;
    }

    /// <summary>An endpoint's points of a time, oldest first.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="length">How long their intervals are, seconds.</param>
    /// <param name="from">They began at this moment or later.</param>
    /// <param name="to">They began before this one.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<List<TrafficPoint>> ReadAsync(string endpointId, int length, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await using var command = Command(
            "select point from autoscaler.traffic where endpoint_id = $1 and length = $2 and began >= $3 and began < $4 order by began", endpointId, (short)length, from.UtcDateTime, to.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<TrafficPoint>();
        while (await reader.ReadAsync(cancel)) found.Add(Point(reader.GetString(0)));
        return found;
    }

    /// <summary>Short points of all endpoints.</summary>
    /// <param name="from">They began at this moment or later.</param>
    /// <param name="to">They began before this one.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<ILookup<string, TrafficPoint>> ReadAllAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await using var command = Command(
            "select endpoint_id, point from autoscaler.traffic where length = $1 and began >= $2 and began < $3", (short)TrafficPoint.ShortSeconds, from.UtcDateTime, to.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(string Id, TrafficPoint Point)>();
        while (await reader.ReadAsync(cancel)) found.Add((reader.GetString(0), Point(reader.GetString(1))));
        return found.ToLookup(f => f.Id, f => f.Point, StringComparer.Ordinal);
    }

    /// <summary>When the last long point began, of any endpoint; null when there is none.</summary>
    /// <param name="after">Not before this moment.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<DateTimeOffset?> LastLongAsync(DateTimeOffset after, CancellationToken cancel)
    {
        await using var command = Command("select max(began) from autoscaler.traffic where length = $1 and began >= $2", (short)TrafficPoint.LongSeconds, after.UtcDateTime);
        return await command.ExecuteScalarAsync(cancel) is DateTime last ? new(last) : null;
    }

    /// <summary>Lets go of what is too old.</summary>
    /// <param name="now">Now.</param>
    /// <param name="cancel">Stops.</param>
    public Task ForgetAsync(DateTimeOffset now, CancellationToken cancel) => ExecuteAsync("""
        with short as (delete from autoscaler.traffic where length = $1 and began < $2), long as (delete from autoscaler.traffic where length = $3 and began < $4)
        delete from autoscaler.watched where ended < $4
        """, cancel,
        new() { Value = (short)TrafficPoint.ShortSeconds }, new() { Value = (now - ShortKept).UtcDateTime },
        new() { Value = (short)TrafficPoint.LongSeconds }, new() { Value = (now - Kept).UtcDateTime });

    private static TrafficPoint Point(string json) => JsonSerializer.Deserialize<TrafficPoint>(json, Json.Options)!;

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
