using JasperFx.Metadata;
using Marten;

namespace Hypervize.EventSourcing;

/// <summary>How far a consumer has read another service's stream. Written in the transaction of what the fact changed.</summary>
public sealed class FeedCursor : IVersioned
{
    /// <summary>Name of the stream that is read.</summary>
    public required string Id { get; init; }

    /// <summary>Version of the last fact that was accepted.</summary>
    public required long Read { get; set; }

    /// <summary>Guards against two readers that accept the same fact.</summary>
    public Guid Version { get; set; }
}

/// <summary>A fact's place in another service's stream; taking it accepts the fact once.</summary>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Version">Version of the fact.</param>
public sealed record FactPlace(string Stream, long Version)
{
    /// <summary>Whether the fact is the next one; if so, the session will record that it was accepted.</summary>
    internal async Task<bool> TakeAsync(IDocumentSession session, CancellationToken cancel)
    {
        var cursor = await session.LoadAsync<FeedCursor>(Stream, cancel) ?? new FeedCursor { Id = Stream, Read = 0 };
        if (cursor.Read != Version - 1) return false;
        cursor.Read = Version;
        session.Store(cursor);
        return true;
    }
}

/// <summary>
/// Accepts every fact of other services' streams once and in order, however the bus delivered them: a fact seen before is
/// ignored, and after a gap the missing ones are fetched from their owner first.
/// </summary>
/// <typeparam name="TFact">The message that carries a fact.</typeparam>
/// <param name="store">The consumer's store.</param>
/// <param name="versionOf">Version of a fact in its stream.</param>
/// <param name="fetchAfter">Stream name, version → facts after that version from the owner, in order; a page is enough.</param>
/// <param name="accept">Takes one fact. Decides through <see cref="EventStreams{TState,TEvent}"/> with the place, or not at all.</param>
public sealed class FactFeed<TFact>(
    IDocumentStore store, Func<TFact, long> versionOf, Func<string, long, CancellationToken, Task<IReadOnlyList<TFact>>> fetchAfter,
    Func<TFact, FactPlace, CancellationToken, Task> accept)
{
    /// <summary>Takes a fact that the bus delivered.</summary>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="fact">The fact.</param>
    /// <param name="cancel">Stops.</param>
    public async Task DeliverAsync(string stream, TFact fact, CancellationToken cancel)
    {
        var read = await ReadAsync(stream, cancel);
        if (versionOf(fact) <= read) return;
        if (versionOf(fact) > read + 1) read = await CatchUpAsync(stream, versionOf(fact) - 1, cancel);
        if (versionOf(fact) == read + 1) await accept(fact, new(stream, read + 1), cancel);
    }

    /// <summary>Fetches and takes what is missing up to a version.</summary>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="until">Version that is known to exist.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Version of the last fact taken.</returns>
    /// <exception cref="InvalidOperationException">The owner does not have a fact it spoke of.</exception>
    public async Task<long> CatchUpAsync(string stream, long until, CancellationToken cancel)
    {
        var read = await ReadAsync(stream, cancel);
        while (read < until)
        {
            var missing = await fetchAfter(stream, read, cancel);
            foreach (var fact in missing) await accept(fact, new(stream, versionOf(fact)), cancel);
            var now = await ReadAsync(stream, cancel);
            if (now == read) throw new InvalidOperationException($"The owner of {stream} has no fact {read + 1}, though {until} was announced.");
            read = now;
        }
        return read;
    }

    /// <summary>Which of these streams have come further than was read.</summary>
    /// <param name="streams">Streams and the versions they have come to.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<(string Stream, long Version)>> BehindAsync(
        IReadOnlyList<(string Stream, long Version)> streams, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var cursors = await session.LoadManyAsync<FeedCursor>(cancel, streams.Select(s => s.Stream));
        var read = cursors.ToDictionary(c => c.Id, c => c.Read);
        return [.. streams.Where(s => s.Version > read.GetValueOrDefault(s.Stream))];
    }

    private async Task<long> ReadAsync(string stream, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        return (await session.LoadAsync<FeedCursor>(stream, cancel))?.Read ?? 0;
    }
}
