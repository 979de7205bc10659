using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;

namespace Hypervize.Dashboard.Sessions;

/// <summary>Registers sessions: a sealed cookie, without which no page and no stream is given.</summary>
public static class SessionRegistration
{
    /// <summary>Where people sign in, below the dashboard's path.</summary>
    public const string SignInPath = "/sign-in";

    private const string Application = "hypervize-dashboard";
    private const string CookieName = "hypervize-session";
    private const string AntiforgeryCookieName = "hypervize-forms";

    /// <summary>Registers them.</summary>
    /// <param name="services">The container.</param>
    /// <param name="settings">For how long a session lasts, and where its seals are kept.</param>
    public static void AddSessions(this IServiceCollection services, DashboardSettings settings)
    {
        services.AddSingleton<EndedSessions>().AddSingleton<SignInLinks>();
        var protection = services.AddDataProtection().SetApplicationName(Application);
        if (settings.KeysFolder.Length > 0) protection.PersistKeysToFileSystem(Private(settings.KeysFolder));

        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(o =>
        {
            (o.Cookie.Name, o.Cookie.HttpOnly, o.Cookie.SameSite, o.Cookie.SecurePolicy) = (CookieName, true, SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
            (o.ExpireTimeSpan, o.SlidingExpiration, o.LoginPath, o.ReturnUrlParameter) = (TimeSpan.FromHours(settings.SessionHours), true, SignInPath, "to");
            o.Events.OnRedirectToLogin = RedirectPagesOnly;
            o.Events.OnValidatePrincipal = RefuseEndedAsync;
        });
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddAntiforgery(o => (o.Cookie.Name, o.Cookie.SameSite, o.Cookie.SecurePolicy) = (AntiforgeryCookieName, SameSiteMode.Strict, CookieSecurePolicy.SameAsRequest));
    }

    // A script that is told to go to another page would read that page as its answer.
    private static Task RedirectPagesOnly(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)) context.Response.Redirect(context.RedirectUri);
        else context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private static async Task RefuseEndedAsync(CookieValidatePrincipalContext context)
    {
        var ended = context.HttpContext.RequestServices.GetRequiredService<EndedSessions>();
        if (context.Principal is { } user && Session.From(user) is { } session && !ended.HasEnded(session.Id)) return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync();
    }

    private static DirectoryInfo Private(string folder) => OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(folder)
        : Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
