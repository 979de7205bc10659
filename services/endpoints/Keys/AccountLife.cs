using Hypervize.Contracts;
using Hypervize.EventSourcing;
using static Hypervize.EventSourcing.Decision<Hypervize.Contracts.AccountEvent>;
using Decision = Hypervize.EventSourcing.Decision<Hypervize.Contracts.AccountEvent>;

namespace Hypervize.Endpoints.Keys;

/// <summary>How the facts of an account's stream add up to its state.</summary>
public static class AccountLife
{
    /// <summary>The fold.</summary>
    public static Fold<AccountState, AccountEvent> Fold { get; } = new(Revision: 3, (before, e, _) => e switch
    {
        AccountCreated created => new(created.AccountId, created.Name, [], created.At),
        KeyIssued issued => before! with
        {
            Keys = [.. before.Keys, issued.Key], Bootstrapped = issued.By == Bootstrap.By ? [.. before.Bootstrapped ?? [], issued.Key.Hash] : before.Bootstrapped,
        },
        KeyLimited limited => before! with { Keys = [.. before.Keys.Select(k => k.Id == limited.KeyId ? k with { Limits = limited.Limits } : k)] },
        KeyRevoked revoked => before! with { Keys = [.. before.Keys.Where(k => k.Id != revoked.KeyId)] },
        _ => throw new InvalidOperationException($"An account's stream holds no {e.GetType().Name}."),
    });
}

/// <summary>What can be asked of an account. Pure.</summary>
public static class AccountDecider
{
    /// <summary>Keys that an account may have at once.</summary>
    public const int MostKeys = 100;

    /// <summary>Creates an account with its first key; one that is there keeps what it has and gets the key unless it has, or had and revoked, it.</summary>
    /// <param name="it">The account; null when there is none of that id.</param>
    /// <param name="id">Its id.</param>
    /// <param name="name">Its label.</param>
    /// <param name="key">The first key.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="now">Now.</param>
    public static Decision Ensure(AccountState? it, string id, string name, ApiKey key, string by, DateTimeOffset now)
    {
        if (it is null) return Say(new AccountCreated(id, name, by, now), new KeyIssued(key, by, now));
        return it.Keys.Any(k => k.Hash == key.Hash) || it.Bootstrapped?.Contains(key.Hash) is true ? Nothing : Say(new KeyIssued(key, by, now));
    }

    /// <summary>Issues a key.</summary>
    /// <param name="it">The account; null when there is none.</param>
    /// <param name="key">The key.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="now">Now.</param>
    public static Decision Issue(AccountState? it, ApiKey key, string by, DateTimeOffset now) => it switch
    {
        null => NoAccount,
        { Keys.Count: >= MostKeys } => Refuse(RefusalKind.Conflict, "too_many_keys", $"An account has at most {MostKeys} keys. Revoke one that is not used any more."),
        _ when it.Keys.Any(k => k.Id == key.Id) => Nothing,
        _ => Say(new KeyIssued(key, by, now)),
    };

    /// <summary>Changes a key's limits.</summary>
    /// <param name="it">The account; null when there is none.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="limits">Its limits from now on; null for none.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="now">Now.</param>
    public static Decision Limit(AccountState? it, string keyId, RequestLimits? limits, string by, DateTimeOffset now) => it switch
    {
        null => NoAccount,
        _ when it.Keys.FirstOrDefault(k => k.Id == keyId) is { } key => key.Limits == limits ? Nothing : Say(new KeyLimited(keyId, limits, by, now)),
        _ => Refuse(RefusalKind.NotFound, "key_not_found", $"There is no key {keyId}, or it was revoked."),
    };

    /// <summary>Revokes a key.</summary>
    /// <param name="it">The account; null when there is none.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="now">Now.</param>
    public static Decision Revoke(AccountState? it, string keyId, string by, DateTimeOffset now) => it switch
    {
        null => NoAccount,
        // A key that is not listed was revoked, or never was: either way it is not good for anything.
        _ => it.Keys.Any(k => k.Id == keyId) ? Say(new KeyRevoked(keyId, by, now)) : Nothing,
    };

    private static Decision NoAccount { get; } = Refuse(RefusalKind.NotFound, "account_not_found", "There is no such account.");
}
