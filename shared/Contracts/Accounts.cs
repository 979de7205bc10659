using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>What a key may do.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeyScope>))]
public enum KeyScope
{
    /// <summary>Call the account's endpoints.</summary>
    [JsonStringEnumMemberName("inference")] Inference,

    /// <summary>Create, change and delete the account's endpoints.</summary>
    [JsonStringEnumMemberName("manage")] Manage,

    /// <summary>Everything in the account: calls, changes, keys, billing.</summary>
    [JsonStringEnumMemberName("global")] Global,

    /// <summary>Everything in every account, and creating accounts.</summary>
    [JsonStringEnumMemberName("operator")] Operator,
}

/// <summary>An API key that has not been revoked. The key itself is stored nowhere.</summary>
/// <param name="Id">Key id: <c>key-</c> and 12 hex digits.</param>
/// <param name="Name">A label for people.</param>
/// <param name="Prefix">The key's first 13 characters (<c>hvz_live_</c> and four more), for people to tell keys apart.</param>
/// <param name="Hash">SHA-256 of the whole key, lower-case hex. A key has 196 random bits, so its hash can't be reversed.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was issued.</param>
/// <param name="Limits">How many inference requests it may make; null for any number.</param>
public sealed record ApiKey(
    string Id, string Name, string Prefix, string Hash, IReadOnlyList<KeyScope> Scopes, DateTimeOffset CreatedAt, RequestLimits? Limits = null);

/// <summary>An account and its keys. At most 100 keys.</summary>
/// <param name="Id">Account id: <c>acct-</c> and 12 hex digits.</param>
/// <param name="Name">A label for people.</param>
/// <param name="Keys">Keys that have not been revoked, oldest first.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Bootstrapped">Hashes of keys that came from the installation's settings, revoked ones too, which stay revoked; null when none did.</param>
public sealed record AccountState(string Id, string Name, IReadOnlyList<ApiKey> Keys, DateTimeOffset CreatedAt, IReadOnlyList<string>? Bootstrapped = null);

/// <summary>A fact in an account's stream.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AccountCreated), "account_created")]
[JsonDerivedType(typeof(KeyIssued), "key_issued")]
[JsonDerivedType(typeof(KeyLimited), "key_limited")]
[JsonDerivedType(typeof(KeyRevoked), "key_revoked")]
public abstract record AccountEvent
{
    private protected AccountEvent() { }

    /// <summary>When it happened.</summary>
    public abstract DateTimeOffset At { get; init; }
}

/// <summary>An account was created.</summary>
/// <param name="AccountId">Its id.</param>
/// <param name="Name">Its label.</param>
/// <param name="By">Who: an operator key's prefix, or <c>bootstrap</c>.</param>
/// <param name="At">When.</param>
public sealed record AccountCreated(string AccountId, string Name, string By, DateTimeOffset At) : AccountEvent;

/// <summary>A key was issued.</summary>
/// <param name="Key">The key, without its secret.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record KeyIssued(ApiKey Key, string By, DateTimeOffset At) : AccountEvent;

/// <summary>A key's limits changed.</summary>
/// <param name="KeyId">The key's id.</param>
/// <param name="Limits">Its limits from now on; null for none.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record KeyLimited(string KeyId, RequestLimits? Limits, string By, DateTimeOffset At) : AccountEvent;

/// <summary>A key was revoked, for good.</summary>
/// <param name="KeyId">The key's id.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
public sealed record KeyRevoked(string KeyId, string By, DateTimeOffset At) : AccountEvent;

/// <summary>One fact of an account's stream and the state after it. Published once per stored event, in order per account.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Version">Stream version of the fact, from 1, without gaps.</param>
/// <param name="Position">Position in the service's whole log.</param>
/// <param name="EventId">Id of the stored event; also the message id.</param>
/// <param name="Fact">The fact.</param>
/// <param name="State">The state after it.</param>
public sealed record AccountChanged(string AccountId, long Version, long Position, Guid EventId, AccountEvent Fact, AccountState State);
