namespace Hypervize.Dashboard.Shell;

/// <summary>What a browser may do with our pages: nothing is loaded from elsewhere, nothing that stands in a page runs, and nobody frames them.</summary>
public static class PageSecurity
{
    // Blazor sets the attribute `style`; elements of that name are refused like scripts are.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'self'";

    /// <summary>Adds the headers, and refuses what another site's page asks for.</summary>
    /// <param name="app">The service.</param>
    public static void UsePageSecurity(this WebApplication app) => app.Use((http, next) =>
    {
        var headers = http.Response.Headers;
        (headers.ContentSecurityPolicy, headers.XContentTypeOptions, headers["Referrer-Policy"]) = (Policy, "nosniff", "same-origin");
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (IsForeign(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
        return next(http);
    });

    // Following a link from elsewhere is fine, and has no Origin; sockets and posts always have one.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != $"{request.Scheme}://{request.Host}";
}
