using System.Diagnostics;
using Marten;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>A stream's state, kept beside its events so that deciding costs the same however long the stream is.</summary>
/// <typeparam name="TState">The stream's state.</typeparam>
public sealed class Snapshot<TState> where TState : class
{
    /// <summary>Stream key.</summary>
    public required string Id { get; init; }

    /// <summary>Stream version that <see cref="State"/> stands at.</summary>
    public required long Version { get; init; }

    /// <summary>Revision of the fold that made it; another revision makes it stale, and the stream is folded anew.</summary>
    public required int Fold { get; init; }

    /// <summary>State after that version.</summary>
    public required TState State { get; init; }
}

/// <summary>How the events of one kind of stream add up to a state.</summary>
/// <typeparam name="TState">The stream's state.</typeparam>
/// <typeparam name="TEvent">Base type of its events.</typeparam>
/// <param name="Revision">Raised when <paramref name="Evolve"/> or the state's shape changes, so that old snapshots are made anew.</param>
/// <param name="Evolve">State before (null for the first event), event, version of the event → state after. Pure.</param>
public sealed record Fold<TState, TEvent>(int Revision, Func<TState?, TEvent, long, TState> Evolve) where TState : class where TEvent : notnull
{
    /// <summary>Adds events up.</summary>
    /// <param name="state">State before; null when there is none.</param>
    /// <param name="version">Version of <paramref name="state"/>; 0 when there is none.</param>
    /// <param name="events">Events after it, in order.</param>
    public TState? From(TState? state, long version, IEnumerable<TEvent> events)
    {
        foreach (var e in events) state = Evolve(state, e, ++version);
        return state;
    }
}

/// <summary>
/// Loads a stream's state, lets a pure decider speak, and appends what it said at the version it was decided on. Deciders of one
/// stream take turns; a conflict with a writer that does not is decided again on the newer state. This is the one place that retries.
/// </summary>
/// <typeparam name="TState">The stream's state.</typeparam>
/// <typeparam name="TEvent">Base type of its events.</typeparam>
public sealed class EventStreams<TState, TEvent>(IDocumentStore store, Fold<TState, TEvent> fold) where TState : class where TEvent : notnull
{
    // Each try reads afresh; a stream that changes under more than this many reads in a row is hammered, and its caller should hear it.
    private const int MostTries = 8;

    // Writers of a stream take turns: those of this process here, without holding a connection each (streams share turns by hash), and those
    // of all replicas by a lock in the database. So nobody loses race after race, and no event number is drawn in vain.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1))];

    /// <summary>The state of a stream now.</summary>
    /// <param name="key">Stream key.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>State and version; (null, 0) when the stream does not exist.</returns>
    public async Task<(TState? State, long Version)> LoadAsync(string key, CancellationToken cancel)
    {
        await using var session = store.LightweightSession();
        return await LoadAsync(session, key, cancel);
    }

    /// <summary>Decides on a stream.</summary>
    /// <param name="key">Stream key.</param>
    /// <param name="decide">State (null when the stream does not exist) and version → what to say. Pure; may be asked several times.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <param name="fact">The reported fact that this decides about; one that was accepted before changes nothing.</param>
    /// <param name="beside">What is written in the same transaction when something is said, and else not.</param>
    /// <exception cref="StreamContentionException">Other writers won every time.</exception>
    public async Task<Outcome<TState>> DecideAsync(
        string key, Func<TState?, long, Decision<TEvent>> decide, CancellationToken cancel, FactPlace? fact = null, Action<IDocumentOperations>? beside = null)
    {
        var turn = _turns[(uint)key.GetHashCode(StringComparison.Ordinal) % _turns.Length];
        await turn.WaitAsync(cancel);
        try
        {
            return await DecideInTurnAsync(key, decide, fact, beside, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<Outcome<TState>> DecideInTurnAsync(
        string key, Func<TState?, long, Decision<TEvent>> decide, FactPlace? fact, Action<IDocumentOperations>? beside, CancellationToken cancel)
    {
        using var append = TraceHeaders.Append(key);
        // Not the activity of the session's connection, which ends unseen when a transaction is begun by hand.
        var trace = Activity.Current;
        for (var attempt = 1; ; attempt++)
        {
            await using var session = store.LightweightSession();
            await LockAsync(session, key, cancel);
            var (state, version) = await LoadAsync(session, key, cancel);
            var decision = decide(state, version);
            if (decision.Refusal is { } refusal) return new(state, version, refusal, Changed: false);

            if (fact is not null && !await fact.TakeAsync(session, cancel)) return new(state, version, null, Changed: false);
            if (decision.Events.Count > 0)
            {
                state = fold.From(state, version, decision.Events)!;
                var after = version + decision.Events.Count;
                TraceHeaders.Write(session, trace);
                if (version == 0) session.Events.StartStream(key, decision.Events.Cast<object>());
                else session.Events.Append(key, after, decision.Events.Cast<object>());
                session.Store(new Snapshot<TState> { Id = key, Version = after, Fold = fold.Revision, State = state });
                beside?.Invoke(session);
                version = after;
            }

            try
            {
                await session.SaveChangesAsync(cancel);
                return new(state, version, null, decision.Events.Count > 0);
            }
            catch (Exception e) when (Conflicts.Explains(e))
            {
                if (attempt == MostTries) throw new StreamContentionException(key, e);
                await Task.Delay(Random.Shared.Next(5 * attempt), cancel);
            }
        }
    }

    // Held until the session's transaction ends.
    private async Task LockAsync(IDocumentSession session, string key, CancellationToken cancel)
    {
        await session.BeginTransactionAsync(cancel);
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))");
        command.Parameters.Add(new() { Value = $"{store.Options.Events.DatabaseSchemaName} {key}" });
        await session.ExecuteAsync(command, cancel);
    }

    private async Task<(TState?, long)> LoadAsync(IDocumentSession session, string key, CancellationToken cancel)
    {
        var snapshot = await session.LoadAsync<Snapshot<TState>>(key, cancel);
        if (snapshot is { } s && s.Fold == fold.Revision) return (s.State, s.Version);
        if (snapshot is null && await session.Events.FetchStreamStateAsync(key, cancel) is null) return (null, 0);
        var events = await session.Events.FetchStreamAsync(key, token: cancel);
        return (fold.From(null, 0, events.Select(e => (TEvent)e.Data)), events.Count);
    }
}

/// <summary>A stream changed under every try to decide on it.</summary>
/// <param name="key">Stream key.</param>
/// <param name="inner">The last conflict.</param>
public sealed class StreamContentionException(string key, Exception inner)
    : Exception($"Stream {key} kept changing while it was being decided on. Try again.", inner);
