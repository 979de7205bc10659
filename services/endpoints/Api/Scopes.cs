using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Endpoints.Api;

/// <summary>Lets only callers with a scope through.</summary>
public static class Scopes
{
    /// <summary>Refuses callers without the scope, naming it.</summary>
    /// <typeparam name="T">Kind of route builder.</typeparam>
    /// <param name="routes">The routes.</param>
    /// <param name="scope">The scope.</param>
    public static T RequireScope<T>(this T routes, KeyScope scope) where T : IEndpointConventionBuilder =>
        routes.AddEndpointFilter(new ScopeFilter(scope)).Refuses(StatusCodes.Status403Forbidden, "scope_missing");

    private sealed class ScopeFilter(KeyScope scope) : IEndpointFilter
    {
        private readonly string _word = JsonSerializer.Serialize(scope).Trim('"');

        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            var caller = Caller.From(context.HttpContext.User);
            return caller.AccountId is not null && caller.May(scope)
                ? await next(context)
                : Problems.From(StatusCodes.Status403Forbidden, "scope_missing", $"This needs a key with scope {_word}.");
        }
    }
}
