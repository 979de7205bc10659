using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.EventSourcing.Tests;

/// <summary>Load, decide purely, append at the version decided on.</summary>
public sealed class EventStreamsSpecs(Database database) : IClassFixture<Database>
{
    private static readonly Decision<TallyEvent> One = Decision<TallyEvent>.Say(new Counted(1));

    [Fact]
    public async Task What_was_said_is_the_state()
    {
        await using var store = Store();
        var outcome = await Streams(store).DecideAsync("said", (state, version) =>
        {
            Assert.Equal((null, 0L), (state, version));
            return Decision<TallyEvent>.Say(new Counted(3), new Counted(4));
        }, CancellationToken.None);

        Assert.Equal(new Outcome<Tally>(new(2, 7), 2, null, Changed: true), outcome);
        Assert.Equal((new Tally(2, 7), 2L), await Streams(store).LoadAsync("said", CancellationToken.None));
    }

    [Fact]
    public async Task Nothing_said_is_nothing_stored()
    {
        await using var store = Store();
        var outcome = await Streams(store).DecideAsync("silent", (_, _) => Decision<TallyEvent>.Nothing, CancellationToken.None);
        Assert.Equal(new Outcome<Tally>(null, 0, null, Changed: false), outcome);
        Assert.Equal((null, 0L), await Streams(store).LoadAsync("silent", CancellationToken.None));
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_stores_nothing()
    {
        await using var store = Store();
        await Streams(store).DecideAsync("refused", (_, _) => One, CancellationToken.None);
        var outcome = await Streams(store).DecideAsync(
            "refused", (_, _) => Decision<TallyEvent>.Refuse(RefusalKind.Conflict, "enough", "No more."), CancellationToken.None);
        Assert.Equal(new Outcome<Tally>(new(1, 1), 1, new(RefusalKind.Conflict, "enough", "No more."), Changed: false), outcome);
    }

    [Fact]
    public async Task Writers_of_one_stream_in_two_replicas_all_get_their_say()
    {
        await using var one = Store();
        await using var other = Store();
        EventStreams<Tally, TallyEvent>[] replicas = [Streams(one), Streams(other)];
        var outcomes = await Task.WhenAll(from i in Enumerable.Range(0, 50) select replicas[i % 2].DecideAsync("hot", (_, _) => One, CancellationToken.None));

        Assert.Equal(Enumerable.Range(1, 50).Select(v => (long)v), outcomes.Select(o => o.Version).Order());
        Assert.Equal((new Tally(50, 50), 50L), await replicas[0].LoadAsync("hot", CancellationToken.None));
    }

    [Fact]
    public async Task A_lost_race_is_decided_again_on_the_newer_state()
    {
        await using var store = Store();
        var seen = new List<long>();
        var outcome = await Streams(store).DecideAsync("raced", (_, version) =>
        {
            seen.Add(version);
            if (seen.Count == 1) AppendElsewhere("raced");
            return One;
        }, CancellationToken.None);
        Assert.Equal([0L, 1], seen);
        Assert.Equal(2, outcome.Version);
    }

    [Fact]
    public async Task Who_loses_every_race_hears_of_it()
    {
        await using var store = Store();
        await Assert.ThrowsAsync<StreamContentionException>(() => Streams(store).DecideAsync("hammered", (_, _) =>
        {
            AppendElsewhere("hammered");
            return One;
        }, CancellationToken.None));
    }

    [Fact]
    public async Task A_changed_fold_makes_states_anew()
    {
        await using var store = Store();
        await Streams(store).DecideAsync("refolded", (_, _) => Decision<TallyEvent>.Say(new Counted(5), new Counted(6)), CancellationToken.None);

        var tenfold = new Fold<Tally, TallyEvent>(Revision: 2, (before, e, _) => new((before?.Count ?? 0) + 1, (before?.Sum ?? 0) + 10 * ((Counted)e).Number));
        var streams = new EventStreams<Tally, TallyEvent>(store, tenfold);
        Assert.Equal((new Tally(2, 110), 2L), await streams.LoadAsync("refolded", CancellationToken.None));
        Assert.Equal(new Tally(3, 120), (await streams.DecideAsync("refolded", (_, _) => One, CancellationToken.None)).State);
    }

    [Fact]
    public async Task A_long_stream_composed_page_by_page_is_folded_once()
    {
        await using var store = Store();
        await using var session = store.LightweightSession();
        session.Events.StartStream("paged", Enumerable.Repeat(new Counted(1), 1000));
        await session.SaveChangesAsync();
        var folded = 0;
        var composer = new MessageComposer().Publish(
            new Fold<Tally, TallyEvent>(Revision: 1, (state, e, version) =>
            {
                folded++;
                return Tally.Fold.Evolve(state, e, version);
            }), (stored, _, state) => (stored.Version, state.Count));

        for (var after = 0; after < 1000; after += 100)
            foreach (var e in await session.Events.FetchStreamAsync("paged", version: after + 100, fromVersion: after + 1))
                Assert.Equal((e.Version, (int)e.Version), await composer.ComposeAsync(e, store, CancellationToken.None));
        Assert.Equal(1000, folded);
    }

    [Fact]
    public async Task Deciding_on_a_long_stream_reads_none_of_its_events()
    {
        await using var store = Store();
        await using (var session = store.LightweightSession())
        {
            const int events = 50_000;
            session.Events.StartStream("long", Enumerable.Repeat(new Counted(1), events));
            session.Store(new Snapshot<Tally> { Id = "long", Version = events, Fold = Tally.Fold.Revision, State = new(events, events) });
            await session.SaveChangesAsync();
        }
        await Streams(store).DecideAsync("short", (_, _) => One, CancellationToken.None);

        Assert.Equal(await EventRowsReadByDecidingAsync(store, "short"), await EventRowsReadByDecidingAsync(store, "long"));
    }

    // What the planner estimates is no proof, and a clock none either: PostgreSQL counts the rows that the connection read.
    private async Task<long> EventRowsReadByDecidingAsync(IDocumentStore store, string tally)
    {
        var before = await RowsReadAsync();
        var folded = 0;
        var counting = new Fold<Tally, TallyEvent>(Tally.Fold.Revision, (state, e, version) =>
        {
            folded++;
            return Tally.Fold.Evolve(state, e, version);
        });
        await new EventStreams<Tally, TallyEvent>(store, counting).DecideAsync(tally, (_, _) => One, CancellationToken.None);
        Assert.Equal(1, folded);
        return await RowsReadAsync() - before;

        Task<long> RowsReadAsync()
        {
            // Pooled connections report their counts when they are closed.
            Npgsql.NpgsqlConnection.ClearAllPools();
            return database.AskAsync<long>("select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables where schemaname = 'tallies' and relname = 'mt_events'");
        }
    }

    // A writer that does not take turns, as an older version of a service might be.
    private void AppendElsewhere(string tally) => Task.Run(async () =>
    {
        await using var store = Store();
        var (state, version) = await Streams(store).LoadAsync(tally, CancellationToken.None);
        await using var session = store.LightweightSession();
        session.Events.Append(tally, version + 1, new Counted(1));
        session.Store(new Snapshot<Tally> { Id = tally, Version = version + 1, Fold = Tally.Fold.Revision, State = Tally.Fold.Evolve(state, new Counted(1), version + 1) });
        await session.SaveChangesAsync();
    }).GetAwaiter().GetResult();

    private DocumentStore Store()
    {
        var services = new ServiceCollection();
        EventLog.Add(services, Replica.Service, database.ConnectionString).Stream("tally", Tally.Fold);
        return (DocumentStore)services.BuildServiceProvider().GetRequiredService<IDocumentStore>();
    }

    private static EventStreams<Tally, TallyEvent> Streams(IDocumentStore store) => new(store, Tally.Fold);
}
