using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace Hypervize.EventSourcing.Tests;

/// <summary>The log is the outbox: what is committed is published, in order per stream, and nothing else.</summary>
public sealed class LogForwarderSpecs(Database database) : IClassFixture<Database>
{
    [Fact]
    public async Task Every_event_is_published_in_the_order_of_its_stream_with_the_state_after_it()
    {
        await using var listener = await Listener.StartAsync();
        await using var replica = await Replica.StartAsync(database);
        string[] tallies = ["order-a", "order-b", "order-c"];
        await Task.WhenAll(from tally in tallies from number in Enumerable.Range(1, 40) select replica.CountAsync(tally, number));

        await Eventually.TrueAsync(() => tallies.All(t => listener.Of(t).Count == 40), "every event");
        foreach (var tally in tallies)
        {
            var heard = listener.Of(tally);
            Assert.Equal(Enumerable.Range(1, 40).Select(v => (long)v), heard.Select(m => m.Version));
            Assert.All(heard, m => Assert.Equal(m.Version, m.State.Count));
            Assert.All(heard, m => Assert.Equal(heard.Where(before => before.Version <= m.Version).Sum(before => before.Fact.Number), m.State.Sum));
        }
        Assert.All(listener.Heard, h => Assert.Equal(h.Message.EventId, h.MessageId));
    }

    [Fact]
    public async Task A_slow_transaction_is_neither_waited_for_nor_skipped()
    {
        await using var listener = await Listener.StartAsync();
        await using var replica = await Replica.StartAsync(database);
        await replica.CountAsync("swift", 1);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var slow = await replica.AppendWithoutCommitAsync(transaction, "slow");

        await replica.CountAsync("swift", 2);
        await Eventually.TrueAsync(() => listener.Of("swift").Count == 2, "the event after the slow one");
        var settled = new LogSequence(replica.Store).SettledAsync(TimeProvider.System, CancellationToken.None);
        await using (var session = replica.Store.QuerySession())
            Assert.True(await LogMark.PositionAsync(session, CancellationToken.None) < slow, "The mark passed an event that was not committed.");

        Assert.False(settled.IsCompleted);
        await transaction.CommitAsync();
        Assert.Equal(await database.AskAsync<long>($"select max(seq_id) from {Replica.Service}.mt_events"), await settled);
        await Eventually.TrueAsync(() => listener.Of("slow").Count == 1, "the slow event");
        await EverythingIsMarkedAsync(replica);
    }

    [Fact]
    public async Task A_rolled_back_append_holds_nothing_up()
    {
        await using var listener = await Listener.StartAsync();
        await using var replica = await Replica.StartAsync(database);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await replica.AppendWithoutCommitAsync(transaction, "undone");
            await transaction.RollbackAsync();
        }

        var watch = Stopwatch.StartNew();
        await replica.CountAsync("done", 1);
        await Eventually.TrueAsync(() => listener.Of("done").Count == 1, "the event after the gap");
        // Marten's own daemon waits 3 s and more at a gap.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"The gap cost {watch.Elapsed}.");
        await EverythingIsMarkedAsync(replica);
        Assert.Empty(listener.Of("undone"));
    }

    [Fact]
    public async Task What_is_committed_while_the_broker_is_away_is_published_when_it_is_back()
    {
        await using var listener = await Listener.StartAsync();
        await using var cable = new Cable(Servers.Broker);
        await using var replica = await Replica.StartAsync(database, cable.Uri);
        await replica.CountAsync("outage", 1);
        await Eventually.TrueAsync(() => listener.Of("outage").Count == 1, "the event before");

        cable.Pull();
        for (var number = 2; number <= 20; number++) await replica.CountAsync("outage", number);
        Assert.DoesNotContain(listener.Of("outage"), m => m.Version > 1);
        cable.Plug();

        await Eventually.TrueAsync(() => listener.Of("outage").Select(m => m.Version).Distinct().Count() == 20, "all of the outage");
        var firsts = listener.Of("outage").Select(m => m.Version).Distinct();
        Assert.Equal(Enumerable.Range(1, 20).Select(v => (long)v), firsts);
    }

    [Fact]
    public async Task One_replica_leads_and_when_its_connection_is_killed_there_is_another_leader()
    {
        await using var listener = await Listener.StartAsync();
        await using var one = await Replica.StartAsync(database);
        await using var other = await Replica.StartAsync(database);
        for (var round = 1; round <= 3; round++)
        {
            await Eventually.TrueAsync(() => one.Forwarder.Leads ^ other.Forwarder.Leads, "one leader");
            for (var number = 0; number < 10; number++)
            {
                await one.CountAsync("succession", number);
                if (number == 4) await KillLeaderAsync();
            }
        }
        await Eventually.TrueAsync(() => listener.Of("succession").Select(m => m.Version).Distinct().Count() == 30, "every event of three leaders");
        await Eventually.TrueAsync(() => one.Forwarder.Leads ^ other.Forwarder.Leads, "one leader again");
    }

    [Fact]
    public async Task A_new_leader_goes_on_where_the_last_one_was()
    {
        await using var listener = await Listener.StartAsync();
        await using (var first = await Replica.StartAsync(database))
        {
            for (var number = 0; number < 5; number++) await first.CountAsync("resumed", number);
            await EverythingIsMarkedAsync(first);
        }
        await using var second = await Replica.StartAsync(database);
        await second.CountAsync("resumed", 5);
        await Eventually.TrueAsync(() => listener.Of("resumed").Any(m => m.Version == 6), "the event after the restart");
        Assert.Equal([1L, 2, 3, 4, 5, 6], listener.Of("resumed").Select(m => m.Version));
    }

    [Fact]
    public async Task A_trace_runs_from_the_decision_over_the_log_to_the_consumer()
    {
        using var traced = new ActivityListener
        {
            ShouldListenTo = s => s.Name is TraceHeaders.SourceName or "MassTransit" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(traced);
        using var source = new ActivitySource("test");
        await using var listener = await Listener.StartAsync();
        await using var replica = await Replica.StartAsync(database);

        ActivityTraceId trace;
        using (var request = source.StartActivity("request")!)
        {
            trace = request.TraceId;
            await replica.CountAsync("traced", 1);
        }
        await Eventually.TrueAsync(() => listener.Of("traced").Count == 1, "the event");
        Assert.Equal(trace.ToString(), listener.Heard.Single(h => h.Message.Tally == "traced").TraceId);
    }

    [Fact]
    public async Task From_commit_to_consumer_takes_milliseconds()
    {
        await using var listener = await Listener.StartAsync();
        await using var replica = await Replica.StartAsync(database);
        await replica.CountAsync("warm", 0);
        await Eventually.TrueAsync(() => listener.Of("warm").Count == 1, "the first event");

        var took = new List<double>();
        for (var number = 1; number <= 40; number++)
        {
            await replica.CountAsync("paced", number);
            var committed = Stopwatch.GetTimestamp();
            while (listener.Of("paced").Count < number) await Task.Delay(1);
            took.Add(Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
        }
        // Some 3 ms on a quiet machine; the bound leaves room for a busy one, and none for polling.
        Assert.True(took.Order().ElementAt(20) < 100, $"Half of the events took more than {took.Order().ElementAt(20):0} ms.");
    }

    [Fact]
    public async Task Writers_who_conflict_and_roll_back_delay_nobody()
    {
        await using var listener = await Listener.StartAsync();
        await using var one = await Replica.StartAsync(database);
        await using var other = await Replica.StartAsync(database);
        await one.CountAsync("crowded", 0);
        await Eventually.TrueAsync(() => listener.Of("crowded").Count == 1, "the first event");

        var committed = new ConcurrentDictionary<long, long>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            var outcome = await (number % 2 == 0 ? one : other).CountAsync("crowded", number);
            committed[outcome.Version] = Stopwatch.GetTimestamp();
        }));
        await Eventually.TrueAsync(() => listener.Of("crowded").Count == 51, "all of the crowd");

        var took = listener.Heard.Where(h => h.Message.Tally == "crowded" && h.Message.Version > 1)
            .Select(h => Stopwatch.GetElapsedTime(committed[h.Message.Version], h.At).TotalMilliseconds).Order().ToList();
        // Marten's own daemon takes 6 s for half of them.
        Assert.True(took[^1] < 2000, $"From commit to consumer: half within {took[25]:0} ms, all within {took[^1]:0} ms.");
    }

    private async Task EverythingIsMarkedAsync(Replica replica)
    {
        var last = await database.AskAsync<long>($"select max(seq_id) from {Replica.Service}.mt_events");
        await Eventually.TrueAsync(async () =>
        {
            await using var session = replica.Store.QuerySession();
            return await LogMark.PositionAsync(session, CancellationToken.None) >= last;
        }, "the mark at the log's end");
    }

    private Task<long> KillLeaderAsync() => database.AskAsync<long>($"""
        select count(pg_terminate_backend(l.pid)) from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and a.datname = current_database() and a.application_name = 'hypervize {Replica.Service}'
        """);
}
