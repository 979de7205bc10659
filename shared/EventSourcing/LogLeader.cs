using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>
/// Runs work on one replica of a service at a time: the one whose dedicated connection holds an advisory lock. The lock dies
/// with the connection, so a killed leader is succeeded at once, and a frozen one after some seconds.
/// </summary>
public abstract class LogLeader(string connectionString, string role, TimeProvider time, ILogger log) : BackgroundService
{
    // The channel on which Marten notifies of every append, in its transaction.
    internal const string Appends = "mt_events_appended";

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    // Unpooled, so that closing it frees the lock.
    private readonly string _dedicated = new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false, CommandTimeout = 3, ApplicationName = $"hypervize {role}",
    }.ConnectionString;

    private readonly Channel<bool> _appended = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Whether this replica leads now.</summary>
    public bool Leads { get; private set; }

    /// <summary>Time.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>The work of the leader; ends when <paramref name="lost"/> is cancelled.</summary>
    /// <param name="lost">Cancelled when leadership is lost or the service stops.</param>
    protected abstract Task LeadAsync(CancellationToken lost);

    /// <summary>Waits until something was appended to the log, or may have been.</summary>
    /// <param name="longest">Longest wait.</param>
    /// <param name="lost">Cancelled when leadership is lost.</param>
    protected async Task AppendedAsync(TimeSpan longest, CancellationToken lost)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(lost);
        await Task.WhenAny(_appended.Reader.WaitToReadAsync(waiting.Token).AsTask(), Task.Delay(longest, Time, waiting.Token));
        _appended.Reader.TryRead(out _);
        await waiting.CancelAsync();
        lost.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TryToLeadAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                log.LogWarning("Not leading {Role} now, trying again: {Reason}", role, e.Message);
            }
            await Task.Delay(Beat, Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryToLeadAsync(CancellationToken stopping)
    {
        await using var connection = new NpgsqlConnection(_dedicated);
        await connection.OpenAsync(stopping);
        // A leader that is frozen, or cut off without a word, is silent: the server ends its session and with it the lock.
        await ExecuteAsync(connection, "set idle_session_timeout = '10s'", stopping);
        while (!await TryLockAsync(connection, stopping)) await Task.Delay(Beat, Time, stopping);

        connection.Notification += (_, _) => _appended.Writer.TryWrite(true);
        await ExecuteAsync(connection, $"listen {Appends}", stopping);

        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var work = LeadAsync(lost.Token);
        try
        {
            Leads = true;
            log.LogInformation("Leading {Role}", role);
            await HoldAsync(connection, work, stopping);
        }
        finally
        {
            Leads = false;
            await lost.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await work;
    }

    private async Task HoldAsync(NpgsqlConnection connection, Task work, CancellationToken stopping)
    {
        var pinged = Time.GetTimestamp();
        while (!work.IsCompleted)
        {
            // Returns at a notification, or when the time is over.
            await connection.WaitAsync(Beat, stopping);
            if (Time.GetElapsedTime(pinged) < Beat) continue;
            await ExecuteAsync(connection, "select 1", stopping);
            pinged = Time.GetTimestamp();
        }
    }

    private async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = role });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
