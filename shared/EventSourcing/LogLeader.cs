using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>
/// Runs work on one replica of a service at a time: the one whose dedicated connection holds an advisory lock. The lock dies
/// with the connection, so a killed leader is succeeded at once.
/// </summary>
public abstract class LogLeader(string connectionString, string role, TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    // Unpooled, so that closing it frees the lock; keep-alive, so that a silent network is noticed.
    private readonly string _dedicated = new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false, KeepAlive = 2, CommandTimeout = 3, ApplicationName = $"hypervize {role}",
    }.ConnectionString;

    /// <summary>Whether this replica leads now.</summary>
    public bool Leads { get; private set; }

    /// <summary>The work of the leader; ends when <paramref name="lost"/> is cancelled.</summary>
    /// <param name="lost">Cancelled when leadership is lost or the service stops.</param>
    protected abstract Task LeadAsync(CancellationToken lost);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TryToLeadAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                log.LogWarning("Not leading {Role} now, trying again: {Reason}", role, e.Message);
            }
            await Task.Delay(Beat, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryToLeadAsync(CancellationToken stopping)
    {
        await using var connection = new NpgsqlConnection(_dedicated);
        await connection.OpenAsync(stopping);
        while (!await TryLockAsync(connection, stopping)) await Task.Delay(Beat, time, stopping);

        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var work = LeadAsync(lost.Token);
        try
        {
            Leads = true;
            log.LogInformation("Leading {Role}", role);
            while (!work.IsCompleted)
            {
                await using (var ping = new NpgsqlCommand("select 1", connection)) await ping.ExecuteNonQueryAsync(stopping);
                await Task.WhenAny(work, Task.Delay(Beat, time, stopping));
                stopping.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            Leads = false;
            await lost.CancelAsync();
            await work;
        }
    }

    private async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = role });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }
}
