using System.Collections.Immutable;
using Hypervize.Contracts;

namespace Hypervize.Hosting.Routing;

/// <summary>What was last heard of a stream.</summary>
/// <typeparam name="TState">The stream's state.</typeparam>
/// <param name="Version">Stream version of the state.</param>
/// <param name="Position">Log position at which it was heard of: of the message, or of the snapshot that listed it.</param>
/// <param name="State">The state after that version.</param>
public sealed record Heard<TState>(long Version, long Position, TState State);

/// <summary>
/// What a replica knows of endpoints and accounts, from messages that may be lost, doubled and out of order, and from snapshots,
/// which are taken one after the other.
/// </summary>
/// <param name="Position">Log position of the newest snapshot; 0 before the first.</param>
/// <param name="Endpoints">Endpoints by id, tombstones of deleted ones included.</param>
/// <param name="Accounts">Accounts by id.</param>
public sealed record ReadModel(
    long Position, ImmutableDictionary<string, Heard<EndpointState>> Endpoints, ImmutableDictionary<string, Heard<AccountState>> Accounts)
{
    /// <summary>How long a deleted endpoint is remembered, so that its callers are told that it was deleted.</summary>
    public static readonly TimeSpan TombstonesKept = TimeSpan.FromHours(1);

    /// <summary>Knows nothing.</summary>
    public static ReadModel Empty { get; } = new(
        0, ImmutableDictionary.Create<string, Heard<EndpointState>>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, Heard<AccountState>>(StringComparer.Ordinal));

    /// <summary>The model after a message about an endpoint; the same instance when it was no news.</summary>
    /// <param name="message">The message.</param>
    public ReadModel Apply(EndpointChanged message)
    {
        // A snapshot may know of a deletion before the messages that lead up to it arrive.
        if (IsGone(message.EndpointId) && message.State.Status != EndpointStatus.Deleted) return this;
        var endpoints = Hear(Endpoints, message.EndpointId, new(message.Version, message.Position, message.State));
        return endpoints == Endpoints ? this : this with { Endpoints = endpoints };
    }

    /// <summary>The model after a message about an account; the same instance when it was no news.</summary>
    /// <param name="message">The message.</param>
    public ReadModel Apply(AccountChanged message)
    {
        var accounts = Hear(Accounts, message.AccountId, new(message.Version, message.Position, message.State));
        return accounts == Accounts ? this : this with { Accounts = accounts };
    }

    /// <summary>
    /// The model after a snapshot. Positions of snapshots that are taken one after the other never go back within a log; where they do,
    /// it is another log, and nothing that was known of the old one counts.
    /// </summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="now">The time at which it arrived.</param>
    public ReadModel Apply(RoutingSnapshot snapshot, DateTimeOffset now)
    {
        if (snapshot.Position < Position) return Distrusted().Apply(snapshot, now);

        var endpoints = List(Endpoints, snapshot.Endpoints.Select(e => (e.State.Id, e.Version, e.State)), snapshot.Position, out var missing);
        foreach (var (id, heard) in missing)
        {
            // Its deletion is the next version or a later one; nothing before it may pass for newer.
            if (heard.State.Status != EndpointStatus.Deleted)
                endpoints[id] = heard with { Version = heard.Version + 1, Position = snapshot.Position, State = Gone(heard.State, now) };
            else if (heard.State.StatusSince <= now - TombstonesKept)
                endpoints.Remove(id);
        }

        var accounts = List(Accounts, snapshot.Accounts.Select(a => (a.State.Id, a.Version, a.State)), snapshot.Position, out var closed);
        accounts.RemoveRange(closed.Select(a => a.Key));
        return new(snapshot.Position, endpoints.ToImmutable(), accounts.ToImmutable());
    }

    private bool IsGone(string endpointId) => Endpoints.TryGetValue(endpointId, out var known) && known.State.Status == EndpointStatus.Deleted;

    private ReadModel Distrusted() => new(
        0, Endpoints.ToImmutableDictionary(e => e.Key, e => e.Value with { Version = 0, Position = 0 }, StringComparer.Ordinal), Empty.Accounts);

    // A message from before the snapshot says nothing that the snapshot did not know, and must not bring back what it no longer lists.
    private ImmutableDictionary<string, Heard<TState>> Hear<TState>(
        ImmutableDictionary<string, Heard<TState>> known, string id, Heard<TState> heard) =>
        heard.Position <= Position || (known.TryGetValue(id, out var before) && before.Version >= heard.Version) ? known : known.SetItem(id, heard);

    private static ImmutableDictionary<string, Heard<TState>>.Builder List<TState>(
        ImmutableDictionary<string, Heard<TState>> known, IEnumerable<(string Id, long Version, TState State)> listed, long position,
        out IReadOnlyList<KeyValuePair<string, Heard<TState>>> missing)
    {
        var after = known.ToBuilder();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, version, state) in listed)
        {
            ids.Add(id);
            if (!known.TryGetValue(id, out var before) || before.Version < version) after[id] = new(version, position, state);
        }
        missing = [.. known.Where(k => k.Value.Position <= position && !ids.Contains(k.Key))];
        return after;
    }

    private static EndpointState Gone(EndpointState state, DateTimeOffset now) =>
        state with { Status = EndpointStatus.Deleted, StatusSince = now, Wanted = 0, Nodes = [], Failure = null, Degraded = null };
}
