using System.Diagnostics;
using Npgsql;

namespace Hypervize.EventSourcing.Tests;

/// <summary>Who listens is told which streams are appended to, soon and without missing any.</summary>
public sealed class LogListenerSpecs(Database database) : IClassFixture<Database>
{
    [Fact]
    public async Task Every_stream_that_is_appended_to_is_told_of_when_it_is_committed()
    {
        await using var replica = await Replica.StartAsync(database);
        await using var appends = await ListenAsync(replica);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await replica.AppendWithoutCommitAsync(transaction, "late");
        await replica.CountAsync("swift", 1);
        Assert.DoesNotContain("late", await UntilAsync(appends, "swift"));
        await transaction.CommitAsync();
        Assert.DoesNotContain("swift", await UntilAsync(appends, "late"));
        await replica.CountAsync("swift", 2);
        await UntilAsync(appends, "swift");
    }

    [Fact]
    public async Task Who_lost_the_database_is_told_and_may_listen_anew()
    {
        await using var replica = await Replica.StartAsync(database);
        await using (var appends = await ListenAsync(replica))
        {
            await replica.CountAsync("known", 1);
            await UntilAsync(appends, "known");
            Assert.Equal(1, await database.AskAsync<long>($"""
                select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
                where datname = current_database() and application_name = '{LogListener.ApplicationName(Replica.Service)}'
                """));
            await Assert.ThrowsAnyAsync<NpgsqlException>(async () =>
            {
                while (await appends.MoveNextAsync())
                {
                    // It may be about to find out.
                }
            });
        }
        await using var anew = await ListenAsync(replica);
        await replica.CountAsync("anew", 1);
        await UntilAsync(anew, "anew");
    }

    // What is appended before the first is there may be known already, and is not told of.
    private static async Task<IAsyncEnumerator<IReadOnlyCollection<string>>> ListenAsync(Replica replica)
    {
        var appends = replica.Log.AppendsAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await appends.MoveNextAsync());
        Assert.Empty(appends.Current);
        return appends;
    }

    // All that is told on the way; soon, and not only when the log is looked at without being told to.
    private static async Task<IReadOnlyList<string>> UntilAsync(IAsyncEnumerator<IReadOnlyCollection<string>> appends, string stream)
    {
        var (began, told) = (Stopwatch.GetTimestamp(), new List<string>());
        while (!told.Contains(stream))
        {
            Assert.True(await appends.MoveNextAsync());
            told.AddRange(appends.Current);
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 4);
        }
        return told;
    }
}
