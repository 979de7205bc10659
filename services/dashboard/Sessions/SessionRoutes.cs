using System.Text;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Platform;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace Hypervize.Dashboard.Sessions;

/// <summary>What a link that signs in is asked for.</summary>
/// <param name="To">The page it leads to, such as <c>/dashboard/inference</c>; null for the first one.</param>
public sealed record LinkRequest(string? To);

/// <summary>Signing in and out.</summary>
public static class SessionRoutes
{
    /// <summary>The page that is shown first.</summary>
    public const string FirstPage = "/inference";

    private const string Bearer = "Bearer ";

    /// <summary>Maps the routes, all below the dashboard's path.</summary>
    /// <param name="app">The service.</param>
    public static void MapSessions(this WebApplication app)
    {
        app.MapGet("/", (HttpRequest request) => Results.Redirect(request.PathBase + FirstPage)).AllowAnonymous();
        app.MapPost("/session", SignInAsync).AllowAnonymous();
        app.MapPost("/sign-out", SignOutAsync);
        // A key is asked for, which no browser adds by itself.
        app.MapPost("/links", MakeLinkAsync).AllowAnonymous().DisableAntiforgery();
        app.MapGet("/links/{token}", FollowAsync).AllowAnonymous();
        app.MapPost("/links/{token}", (HttpContext http, string token, SignInLinks links, EndedSessions ended) => UseAsync(http, token, links, ended)).AllowAnonymous();
    }

    private static async Task<IResult> SignInAsync(HttpContext http, [FromForm] string? key, [FromForm] string? to, PlatformAccess platform)
    {
        var (session, problem) = await BeginAsync(platform, key?.Trim() ?? "", http.RequestAborted);
        if (session is null) return Results.Redirect($"{http.Request.PathBase}{SessionRegistration.SignInPath}{QueryString.Create((KeyValuePair<string, string?>[])[new("problem", problem), new("to", Local(http.Request, to))])}");
        await http.SignInAsync(session.ToPrincipal());
        return Results.Redirect(Local(http.Request, to));
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, EndedSessions ended)
    {
        if (Session.From(http.User) is { } session) ended.End(session.Id);
        await http.SignOutAsync();
        return Results.Redirect(http.Request.PathBase + SessionRegistration.SignInPath);
    }

    private static async Task<IResult> MakeLinkAsync(HttpContext http, LinkRequest? asked, SignInLinks links, PlatformAccess platform)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return Problems.From(401, "key_missing", "Send your API key as Authorization: Bearer hvz_live_...");
        if (asked?.To is { } page && !IsLocal(http.Request, page)) return Problems.From(422, "invalid_request", $"to must be a page of the dashboard, such as {http.Request.PathBase}{FirstPage}.");
        var (session, problem) = await BeginAsync(platform, header[Bearer.Length..].Trim(), http.RequestAborted);
        if (session is null) return Problems.From(problem is SignInProblem.Unreachable ? 503 : 401, problem!, SignInProblem.Words(problem)!);
        if (links.Make(session, Local(http.Request, asked?.To)) is not var (token, link)) return Problems.From(429, "too_many_links", "There are too many links that nobody has followed yet. Try again in some minutes.");
        return Results.Ok(new { url = $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}/links/{token}", expiresAt = link.ExpiresAt });
    }

    // Whoever is signed in as somebody else is asked first: a link that came from a stranger would have them work in the stranger's account.
    private static async Task<IResult> FollowAsync(HttpContext http, string token, SignInLinks links, EndedSessions ended)
    {
        // A browser that only looks ahead must not use it up.
        if (http.Request.Headers["Sec-Purpose"].ToString().Contains("prefetch", StringComparison.Ordinal)) return Results.NoContent();
        return Session.From(http.User) is { } present && links.Find(token) is { } link && link.Session.AccountId != present.AccountId
            ? Results.Redirect($"{http.Request.PathBase}/links/{token}/ask")
            : await UseAsync(http, token, links, ended);
    }

    private static async Task<IResult> UseAsync(HttpContext http, string token, SignInLinks links, EndedSessions ended)
    {
        if (links.Use(token) is not { } link)
            return Results.Redirect($"{http.Request.PathBase}{SessionRegistration.SignInPath}?problem={SignInProblem.LinkUsed}");
        if (Session.From(http.User) is { } present) ended.End(present.Id);
        await http.SignInAsync(link.Session.ToPrincipal());
        return Results.Redirect(link.To);
    }

    private static async Task<(Session? Session, string? Problem)> BeginAsync(PlatformAccess platform, string key, CancellationToken cancel)
    {
        if (key.Length is 0 or > 128 || !Ascii.IsValid(key) || key.Any(char.IsControl)) return (null, SignInProblem.KeyInvalid);
        try
        {
            var identity = await platform.With(key).GetAsync<IdentityResource>("v1/identity", cancel);
            return identity.Scopes.Any(s => s is KeyScope.Manage or KeyScope.Global or KeyScope.Operator) ? (Session.Begin(key, identity), null) : (null, SignInProblem.ScopeMissing);
        }
        catch (RefusedException e)
        {
            return (null, e.IsSignedOut ? SignInProblem.KeyInvalid : SignInProblem.Unreachable);
        }
    }

    private static string Local(HttpRequest request, string? to) => to is not null && IsLocal(request, to) ? to : request.PathBase + FirstPage;

    // A header takes nothing but ASCII, and a browser reads backslashes as slashes.
    private static bool IsLocal(HttpRequest request, string to) =>
        to.StartsWith($"{request.PathBase}/", StringComparison.Ordinal) && to.All(c => c is > ' ' and < '\x7f' and not '\\') && !to.StartsWith($"{request.PathBase}/links/", StringComparison.Ordinal);
}
