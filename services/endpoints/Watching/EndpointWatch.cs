using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;

namespace Hypervize.Endpoints.Watching;

/// <summary>Answers with endpoints as they are and as they change, for as long as the caller stays.</summary>
/// <param name="watchers">Who watches.</param>
/// <param name="store">The service's store.</param>
/// <param name="resources">Shows states as resources.</param>
/// <param name="life">Tells when the service stops.</param>
/// <param name="time">Time.</param>
public sealed class EndpointWatch(Watchers watchers, IDocumentStore store, EndpointResources resources, IHostApplicationLifetime life, TimeProvider time)
{
    private const string Media = "text/event-stream";
    private const int Page = 200;

    /// <summary>Quiet after which a comment keeps the connection alive.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether a request asks for a stream instead of a page.</summary>
    /// <param name="request">The request.</param>
    public static bool IsAskedFor(HttpRequest request) => request.Headers.Accept.ToString().Contains(Media, StringComparison.OrdinalIgnoreCase);

    /// <summary>Answers until the caller leaves or the service stops.</summary>
    /// <param name="http">The request.</param>
    /// <param name="account">The account whose endpoints are watched; null for those of all.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, string? account)
    {
        if (watchers.Add(Caller.From(http.User).AccountId!, account) is not { } watcher)
            return Problems.From(StatusCodes.Status429TooManyRequests, "too_many_watchers", $"The keys of this account watch {Watchers.MostOfAnAccount} times already. End a stream before you begin another.");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        try
        {
            (http.Response.ContentType, http.Response.Headers.CacheControl) = (Media, "no-cache");
            await TellAsync(watcher, new(http.Response, resources, ended.Token), ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The caller has left, or will find another replica.
        }
        finally
        {
            watchers.Remove(watcher);
        }
        return Results.Empty;
    }

    private async Task TellAsync(Watcher watcher, WatchedEvents events, CancellationToken cancel)
    {
        for (var isReady = false; ;)
        {
            if (watcher.TakeBehind())
            {
                await TellAllAsync(watcher.Account, events, hasBegun: isReady, cancel);
                if (!isReady) await events.ReadyAsync();
                isReady = true;
            }
            while (watcher.Take() is { } changed) await events.TellAsync(changed);
            if (!await watcher.NewsAsync(Beat, time, cancel)) await events.BeatAsync();
        }
    }

    private async Task TellAllAsync(string? account, WatchedEvents events, bool hasBegun, CancellationToken cancel)
    {
        var gone = events.Known.ToHashSet(StringComparer.Ordinal);
        Snapshot<EndpointState>? last = null;
        for (var isLast = false; !isLast;)
        {
            var page = await PageAsync(account, last, hasBegun, cancel);
            isLast = page.Count < Page;
            foreach (var state in page)
            {
                gone.Remove(state.Id);
                await events.TellAsync(state);
                last = state;
            }
        }
        foreach (var id in gone) await events.GoneAsync(id);
    }

    // A stream that has begun outlasts a database that is away; before that the caller is told.
    private async Task<IReadOnlyList<Snapshot<EndpointState>>> PageAsync(string? account, Snapshot<EndpointState>? after, bool hasBegun, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await PageAsync(account, after, cancel);
            }
            catch (Exception) when (hasBegun && !cancel.IsCancellationRequested)
            {
                await Task.Delay(Retry, time, cancel);
            }
        }
    }

    private async Task<IReadOnlyList<Snapshot<EndpointState>>> PageAsync(string? account, Snapshot<EndpointState>? after, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var query = session.Query<Snapshot<EndpointState>>().Where(s => s.State.Status != EndpointStatus.Deleted);
        if (account is not null) query = query.Where(s => s.State.AccountId == account);
        if (after is { Id: var id, State.CreatedAt: var at }) query = query.Where(s => s.State.CreatedAt > at || (s.State.CreatedAt == at && s.Id.CompareTo(id) > 0));
        return await query.OrderBy(s => s.State.CreatedAt).ThenBy(s => s.Id).Take(Page).ToListAsync(cancel);
    }
}

/// <summary>Registers the watching of endpoints.</summary>
public static class WatchingRegistration
{
    /// <summary>Adds it.</summary>
    /// <param name="services">The service's container.</param>
    public static IServiceCollection AddWatching(this IServiceCollection services) =>
        services.AddSingleton<Watchers>().AddSingleton<EndpointWatch>().AddHostedService<ChangeReader>();
}
