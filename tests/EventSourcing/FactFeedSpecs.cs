using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.EventSourcing.Tests;

/// <summary>A consumer that needs every fact gets every fact once and in order, whatever the bus does.</summary>
public sealed class FactFeedSpecs : IClassFixture<Database>, IDisposable
{
    private readonly DocumentStore _store;
    private readonly EventStreams<Tally, TallyEvent> _tallies;
    private readonly List<Fact> _owned = [.. Enumerable.Range(1, 30).Select(v => new Fact(v))];
    private readonly List<long> _fetchedAfter = [];

    public FactFeedSpecs(Database database)
    {
        var services = new ServiceCollection();
        EventLog.Add(services, Replica.Service, database.ConnectionString).Stream("tally", Tally.Fold);
        _store = (DocumentStore)services.BuildServiceProvider().GetRequiredService<IDocumentStore>();
        _tallies = new(_store, Tally.Fold);
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_fact_delivered_twice_counts_once()
    {
        foreach (var version in (long[])[1, 1, 2, 1, 2, 3]) await Feed("twice").DeliverAsync("twice", new(version), CancellationToken.None);
        Assert.Equal(3, await CountedAsync("twice"));
        Assert.Empty(_fetchedAfter);
    }

    [Fact]
    public async Task A_gap_is_filled_from_the_owner_before_the_fact_is_taken()
    {
        await Feed("gap").DeliverAsync("gap", new(1), CancellationToken.None);
        await Feed("gap").DeliverAsync("gap", new(10), CancellationToken.None);
        Assert.Equal(10, await CountedAsync("gap"));
        Assert.Equal([1L, 4, 7], _fetchedAfter);
    }

    [Fact]
    public async Task What_the_bus_lost_is_caught_up_with()
    {
        var feed = Feed("lost");
        await feed.DeliverAsync("lost", new(1), CancellationToken.None);
        Assert.Equal([("lost", 30L)], await feed.BehindAsync([("lost", 30)], CancellationToken.None));
        Assert.Equal(30, await feed.CatchUpAsync("lost", 30, CancellationToken.None));
        Assert.Empty(await feed.BehindAsync([("lost", 30)], CancellationToken.None));
        Assert.Equal(30, await CountedAsync("lost"));
    }

    [Fact]
    public async Task Two_replicas_that_get_the_same_facts_count_each_once()
    {
        var deliveries = from version in Enumerable.Range(1, 30) from replica in new[] { Feed("shared"), Feed("shared") } select (replica, version);
        await Task.WhenAll(deliveries.Select(async d =>
        {
            await Task.Yield();
            await d.replica.DeliverAsync("shared", new(d.version), CancellationToken.None);
        }));
        Assert.Equal(30, await CountedAsync("shared"));
    }

    [Fact]
    public async Task A_fact_that_could_not_be_taken_is_taken_when_it_comes_again()
    {
        var broken = new FactFeed<Fact>(_store, f => f.Version, FetchAsync, (_, _, _) => throw new InvalidOperationException("broken"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => broken.DeliverAsync("again", new(1), CancellationToken.None));
        await Feed("again").DeliverAsync("again", new(1), CancellationToken.None);
        Assert.Equal(1, await CountedAsync("again"));
    }

    [Fact]
    public async Task A_fact_that_changes_nothing_is_taken_all_the_same()
    {
        var indifferent = new FactFeed<Fact>(_store, f => f.Version, FetchAsync, (_, place, cancel) =>
            _tallies.DecideAsync("indifferent", (_, _) => Decision<TallyEvent>.Nothing, cancel, place));
        await indifferent.DeliverAsync("indifferent", new(1), CancellationToken.None);
        await indifferent.DeliverAsync("indifferent", new(2), CancellationToken.None);
        Assert.Empty(_fetchedAfter);
        Assert.Empty(await indifferent.BehindAsync([("indifferent", 2)], CancellationToken.None));
    }

    [Fact]
    public async Task An_owner_that_lacks_a_fact_it_spoke_of_is_an_error_not_a_loop()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Feed("short").CatchUpAsync("short", 31, CancellationToken.None));
        _owned.RemoveAt(0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Feed("headless").CatchUpAsync("headless", 5, CancellationToken.None));
    }

    private FactFeed<Fact> Feed(string stream) => new(_store, f => f.Version, FetchAsync, (fact, place, cancel) =>
        _tallies.DecideAsync(stream, (_, _) => Decision<TallyEvent>.Say(new Counted(fact.Version)), cancel, place));

    private Task<IReadOnlyList<Fact>> FetchAsync(string stream, long after, CancellationToken cancel)
    {
        lock (_fetchedAfter) _fetchedAfter.Add(after);
        return Task.FromResult<IReadOnlyList<Fact>>([.. _owned.Where(f => f.Version > after).Take(3)]);
    }

    private async Task<int> CountedAsync(string stream)
    {
        await using var session = _store.QuerySession();
        var facts = (await session.Events.FetchStreamAsync(stream)).Select(e => ((Counted)e.Data).Number).ToList();
        Assert.Equal(Enumerable.Range(1, facts.Count).Select(v => (long)v), facts);
        return facts.Count;
    }

    private sealed record Fact(long Version);
}
