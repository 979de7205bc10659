namespace Hypervize.Contracts;

/// <summary>A key as the API shows it; its text only in the answer that issued it.</summary>
/// <param name="Id">Key id.</param>
/// <param name="Name">Label.</param>
/// <param name="Prefix">First characters, to tell keys apart.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was issued.</param>
/// <param name="Limits">How many inference requests it may make.</param>
/// <param name="Key">The whole key, this once; else null.</param>
public sealed record KeyResource(string Id, string Name, string Prefix, IReadOnlyList<KeyScope> Scopes, DateTimeOffset CreatedAt, RequestLimits? Limits, string? Key)
{
    /// <summary>Without the key: a log that prints it gives nothing away.</summary>
    public override string ToString() => $"{Prefix}… ({Id})";
}

/// <summary>Keys of an account.</summary>
/// <param name="Keys">Oldest first.</param>
public sealed record KeyList(IReadOnlyList<KeyResource> Keys);

/// <summary>An account.</summary>
/// <param name="Id">Account id.</param>
/// <param name="Name">Label.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="FirstKey">Its first key, in the answer that created it.</param>
public sealed record AccountResource(string Id, string Name, DateTimeOffset CreatedAt, KeyResource? FirstKey);

/// <summary>Who a key is, as the platform sees it.</summary>
/// <param name="AccountId">Its account.</param>
/// <param name="AccountName">The account's label.</param>
/// <param name="KeyId">Its id; null when it was revoked just now, or another of the account begins with the same characters.</param>
/// <param name="Key">Its first characters.</param>
/// <param name="KeyName">Its label; null when its id is.</param>
/// <param name="Scopes">What it may do.</param>
public sealed record IdentityResource(string AccountId, string AccountName, string? KeyId, string Key, string? KeyName, IReadOnlyList<KeyScope> Scopes);

/// <summary>Accounts.</summary>
/// <param name="Accounts">Oldest first.</param>
public sealed record AccountList(IReadOnlyList<AccountResource> Accounts);
