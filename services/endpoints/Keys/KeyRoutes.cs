using System.Security.Cryptography;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Hosting.Requests;
using Marten;

namespace Hypervize.Endpoints.Keys;

/// <summary>Routes under <c>/v1/keys</c> and <c>/v1/accounts</c>.</summary>
public static class KeyRoutes
{
    private static readonly TextField Name = new("name", "A label for people.", 64, @"^[^\p{Cf}]*[^\p{Cf}\s][^\p{Cf}]*$") { Shape = "text, without invisible characters such as those that turn its direction" };
    private static readonly ChoiceField Scope = new("scope", "What the key may do.", ["inference", "manage", "global", "operator"], "inference");
    private static readonly LimitFields Limits = new("limits", "How many inference requests the key may make.");

    /// <summary>Fields of an issued key.</summary>
    public static IReadOnlyList<Field> KeyFields { get; } = [Name, Scope, .. Limits.All];

    /// <summary>Fields of a change of a key.</summary>
    public static IReadOnlyList<Field> KeyPatch => Limits.All;

    /// <summary>Fields of a created account.</summary>
    public static IReadOnlyList<Field> AccountFields { get; } = [Name];

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The service.</param>
    public static void MapKeys(this WebApplication app)
    {
        var keys = app.MapGroup("/v1/keys").RequireScope(KeyScope.Global).WithTags("Keys");
        keys.MapGet("", ListAsync).Answers<KeyList>(200).Refuses(404, "account_not_found").Describe("List keys", "listKeys");
        keys.MapPost("", IssueAsync).Takes(KeyFields).Answers<KeyResource>(201).Refuses(404, "account_not_found").Refuses(409, "too_many_keys").Describe("Issue a key; its text is in this answer and nowhere else", "issueKey");
        keys.MapPatch("/{id}", LimitAsync).Takes(KeyPatch, change: true).Answers<KeyResource>(200).Refuses(404, "account_not_found", "key_not_found").Describe("Change a key's limits", "limitKey");
        keys.MapDelete("/{id}", RevokeAsync).Answers(204).Refuses(404, "account_not_found").Describe("Revoke a key", "revokeKey");

        app.MapGet("/v1/identity", IdentityAsync).WithTags("Keys").Answers<IdentityResource>(200).Refuses(404, "account_not_found").Describe("Tell whose key this is", "getIdentity");

        var accounts = app.MapGroup("/v1/accounts").RequireScope(KeyScope.Operator).WithTags("Accounts");
        accounts.MapGet("", AccountsAsync).Answers<AccountList>(200).Describe("List accounts", "listAccounts");
        accounts.MapPost("", CreateAccountAsync).Takes(AccountFields).Answers<AccountResource>(201).Describe("Create an account with its first key", "createAccount");
    }

    private static async Task<IResult> ListAsync(HttpContext http, EventStreams<AccountState, AccountEvent> accounts, string? account)
    {
        var (state, _) = await accounts.LoadAsync(AccountOf(http, account), http.RequestAborted);
        return state is null ? NoAccount : Results.Ok(new KeyList([.. state.Keys.Select(k => Shown(k, null))]));
    }

    private static async Task<IResult> IssueAsync(HttpContext http, EventStreams<AccountState, AccountEvent> accounts, TimeProvider time, string? account)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, KeyFields, defaults: true);
        if (reader is null) return refused!;
        var (name, word, limits) = (reader.Text(Name), reader.Choice(Scope), Limits.Read(reader));
        if (reader.Refusal() is { } wrong) return wrong;

        var caller = Caller.From(http.User);
        var scope = JsonSerializer.Deserialize<KeyScope>($"\"{word}\"");
        if (scope == KeyScope.Operator && !caller.IsOperator)
            return Problems.From(StatusCodes.Status403Forbidden, "scope_missing", "Only a key with scope operator can issue one with scope operator.");

        var secret = KeySecret.New();
        var now = time.GetUtcNow();
        var key = secret.Stored(NewId("key"), name!, [scope], now) with { Limits = limits };
        var outcome = await accounts.DecideAsync(AccountOf(http, account), (state, _) => AccountDecider.Issue(state, key, caller.Name, now), http.RequestAborted);
        if (outcome.Refusal is { } refusal) return Problems.From(refusal);
        Wrote.Note(http.Response, outcome.State!.Id, outcome.Version);
        return Results.Json(Shown(key, secret), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> LimitAsync(HttpContext http, string id, EventStreams<AccountState, AccountEvent> accounts, TimeProvider time, string? account)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, KeyPatch, defaults: false, KeyFields);
        if (reader is null) return refused!;
        var (limits, isChange) = (Limits.Read(reader), reader.Has(Limits.Whole));
        if (reader.Refusal() is { } wrong) return wrong;

        var (by, now) = (Caller.From(http.User).Name, time.GetUtcNow());
        var outcome = await accounts.DecideAsync(
            AccountOf(http, account), (state, _) => AccountDecider.Limit(state, id, isChange ? limits : state?.Keys.FirstOrDefault(k => k.Id == id)?.Limits, by, now), http.RequestAborted);
        if (outcome.Refusal is { } refusal) return Problems.From(refusal);
        Wrote.Note(http.Response, outcome.State!.Id, outcome.Version);
        return Results.Ok(Shown(outcome.State.Keys.Single(k => k.Id == id), null));
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, string id, EventStreams<AccountState, AccountEvent> accounts, TimeProvider time, string? account)
    {
        var by = Caller.From(http.User).Name;
        var outcome = await accounts.DecideAsync(AccountOf(http, account), (state, _) => AccountDecider.Revoke(state, id, by, time.GetUtcNow()), http.RequestAborted);
        if (outcome.Refusal is { } refusal) return Problems.From(refusal);
        Wrote.Note(http.Response, outcome.State!.Id, outcome.Version);
        return Results.NoContent();
    }

    private static async Task<IResult> IdentityAsync(HttpContext http, EventStreams<AccountState, AccountEvent> accounts)
    {
        var caller = Caller.From(http.User);
        var (account, _) = caller.AccountId is { } id ? await accounts.LoadAsync(id, http.RequestAborted) : default;
        if (account is null) return NoAccount;
        var key = account.Keys.Where(k => k.Prefix == caller.Name).ToArray() is [var only] ? only : null;
        return Results.Ok(new IdentityResource(account.Id, account.Name, key?.Id, caller.Name, key?.Name, caller.Scopes));
    }

    private static async Task<IResult> AccountsAsync(IQuerySession session, CancellationToken cancel)
    {
        var accounts = await session.Query<Snapshot<AccountState>>().OrderBy(s => s.State.CreatedAt).ToListAsync(cancel);
        return Results.Ok(new AccountList([.. accounts.Select(a => new AccountResource(a.Id, a.State.Name, a.State.CreatedAt, null))]));
    }

    private static async Task<IResult> CreateAccountAsync(HttpContext http, EventStreams<AccountState, AccountEvent> accounts, TimeProvider time)
    {
        var (reader, refused) = await RequestReader.ReadAsync(http.Request, AccountFields, defaults: true);
        if (reader is null) return refused!;
        var name = reader.Text(Name);
        if (reader.Refusal() is { } wrong) return wrong;

        var (id, secret, now) = (NewId("acct"), KeySecret.New(), time.GetUtcNow());
        var key = secret.Stored(NewId("key"), "first", [KeyScope.Global], now);
        var outcome = await accounts.DecideAsync(id, (state, _) => AccountDecider.Ensure(state, id, name!, key, Caller.From(http.User).Name, now), http.RequestAborted);
        Wrote.Note(http.Response, id, outcome.Version);
        return Results.Json(new AccountResource(id, name!, now, Shown(key, secret)), statusCode: StatusCodes.Status201Created);
    }

    private static string AccountOf(HttpContext http, string? account)
    {
        var caller = Caller.From(http.User);
        return caller.IsOperator && account is not null ? account : caller.AccountId!;
    }

    private static KeyResource Shown(ApiKey key, KeySecret? secret) => new(key.Id, key.Name, key.Prefix, key.Scopes, key.CreatedAt, key.Limits, secret?.Text);

    private static string NewId(string kind) => $"{kind}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    private static IResult NoAccount => Problems.From(StatusCodes.Status404NotFound, "account_not_found", "There is no such account.");
}
