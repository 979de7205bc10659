using System.Security.Claims;
using System.Security.Cryptography;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Hypervize.Dashboard.Sessions;

/// <summary>Who is signed in. It lives in a cookie that only this service can read.</summary>
/// <param name="Id">Tells this session from others, of the same key too.</param>
/// <param name="Key">The API key that it was begun with.</param>
/// <param name="AccountId">The key's account.</param>
/// <param name="AccountName">The account's label.</param>
/// <param name="KeyName">The key's label.</param>
/// <param name="Scopes">What the key may do.</param>
public sealed record Session(string Id, string Key, string AccountId, string AccountName, string KeyName, IReadOnlyList<KeyScope> Scopes)
{
    private const string IdClaim = "session";
    private const string KeyClaim = "key";
    private const string AccountClaim = "account";
    private const string AccountNameClaim = "account_name";
    private const string ScopeClaim = "scope";

    /// <summary>Whether keys and the spending cap may be changed.</summary>
    public bool MayManageAccount => Scopes.Any(s => s is KeyScope.Global or KeyScope.Operator);

    /// <summary>Whether a key with a prefix is the one that this session was begun with.</summary>
    /// <param name="prefix">The key's first characters.</param>
    public bool IsOwn(string prefix) => Key.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>A session that begins.</summary>
    /// <param name="key">The key.</param>
    /// <param name="identity">Whose it is.</param>
    public static Session Begin(string key, IdentityResource identity) => new(
        Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), key, identity.AccountId, identity.AccountName, identity.KeyName ?? identity.Key, identity.Scopes);

    /// <summary>The session of a principal; null when nobody is signed in.</summary>
    /// <param name="user">The principal.</param>
    public static Session? From(ClaimsPrincipal user) => user.FindFirstValue(IdClaim) is not { } id ? null : new(
        id, user.FindFirstValue(KeyClaim)!, user.FindFirstValue(AccountClaim)!, user.FindFirstValue(AccountNameClaim)!, user.FindFirstValue(ClaimTypes.Name)!,
        [.. user.FindAll(ScopeClaim).Select(c => Enum.Parse<KeyScope>(c.Value))]);

    /// <summary>The session as a principal.</summary>
    public ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity(
        [
            new(IdClaim, Id), new(KeyClaim, Key), new(AccountClaim, AccountId), new(AccountNameClaim, AccountName), new(ClaimTypes.Name, KeyName),
            .. Scopes.Select(s => new Claim(ScopeClaim, s.ToString())),
        ], CookieAuthenticationDefaults.AuthenticationScheme));

    /// <summary>Without the key: a log that prints it gives nothing away.</summary>
    public override string ToString() => $"{KeyName} of {AccountId}";
}
