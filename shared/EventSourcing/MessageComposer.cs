using JasperFx.Events;
using Marten;

namespace Hypervize.EventSourcing;

/// <summary>Makes the messages of stored events. A service says once what each kind of its streams publishes.</summary>
public sealed class MessageComposer
{
    private readonly List<Func<IEvent, IDocumentStore, CancellationToken, Task<object?>>> _publications = [];

    /// <summary>Publishes a kind of stream whose messages carry the fact alone.</summary>
    /// <typeparam name="TEvent">Base type of its events.</typeparam>
    /// <param name="compose">Stored event and fact → the message.</param>
    public MessageComposer Publish<TEvent>(Func<IEvent, TEvent, object> compose)
    {
        _publications.Add((e, _, _) => Task.FromResult(e.Data is TEvent fact ? compose(e, fact) : null));
        return this;
    }

    /// <summary>Publishes a kind of stream whose messages carry the fact and the state after it.</summary>
    /// <typeparam name="TState">The stream's state.</typeparam>
    /// <typeparam name="TEvent">Base type of its events.</typeparam>
    /// <param name="fold">How its events add up.</param>
    /// <param name="compose">Stored event, fact, state after it → the message.</param>
    public MessageComposer Publish<TState, TEvent>(Fold<TState, TEvent> fold, Func<IEvent, TEvent, TState, object> compose)
        where TState : class where TEvent : notnull
    {
        var states = new StatesAfter<TState, TEvent>(fold);
        _publications.Add(async (e, store, cancel) =>
            e.Data is TEvent fact ? compose(e, fact, await states.AfterAsync(e, fact, store, cancel)) : null);
        return this;
    }

    /// <summary>The message of a stored event; null when the event is nobody else's business.</summary>
    /// <param name="e">The event.</param>
    /// <param name="store">The store it is from.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<object?> ComposeAsync(IEvent e, IDocumentStore store, CancellationToken cancel)
    {
        foreach (var publication in _publications)
            if (await publication(e, store, cancel) is { } message) return message;
        return null;
    }

    /// <summary>Knows the state of each stream after the event being forwarded, which may be older than the state now.</summary>
    private sealed class StatesAfter<TState, TEvent>(Fold<TState, TEvent> fold)
        where TState : class where TEvent : notnull
    {
        // The streams that spoke last: the next event of one continues from here instead of from the database.
        private const int MostRemembered = 10_000;
        private readonly Dictionary<string, (long Version, TState State)> _recent = [];

        public async Task<TState> AfterAsync(IEvent e, TEvent fact, IDocumentStore store, CancellationToken cancel)
        {
            (long Version, TState State) known;
            lock (_recent) _recent.TryGetValue(e.StreamKey!, out known);
            var state = e.Version == known.Version + 1
                ? fold.Evolve(known.Version == 0 ? null : known.State, fact, e.Version)
                : e.Version == known.Version ? known.State : await ReadAsync(e, store, cancel);
            lock (_recent)
            {
                if (_recent.Count >= MostRemembered) _recent.Clear();
                _recent[e.StreamKey!] = (e.Version, state);
            }
            return state;
        }

        private async Task<TState> ReadAsync(IEvent e, IDocumentStore store, CancellationToken cancel)
        {
            await using var session = store.QuerySession();
            var snapshot = await session.LoadAsync<Snapshot<TState>>(e.StreamKey!, cancel);
            if (snapshot is { } s && s.Version == e.Version && s.Fold == fold.Revision) return s.State;
            var events = await session.Events.FetchStreamAsync(e.StreamKey!, version: e.Version, token: cancel);
            return fold.From(null, 0, events.Select(stored => (TEvent)stored.Data))!;
        }
    }
}
