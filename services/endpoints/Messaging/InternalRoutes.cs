using System.Data;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Endpoints.Secrets;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using Marten;
using IMediator = Mediator.IMediator;

namespace Hypervize.Endpoints.Messaging;

/// <summary>What other services ask this one.</summary>
public static class InternalRoutes
{
    private const int PageSize = 500;

    /// <summary>Maps the routes under <c>/internal</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapInternal(this WebApplication app)
    {
        var routes = app.MapGroup("/internal").ForServicesOnly().ExcludeFromDescription();
        routes.MapGet("/routing", RoutingAsync);
        routes.MapGet("/endpoints/versions", VersionsAsync);
        // Remembers the state that a page ended with, so that a long stream read page by page is folded once.
        var history = Publications.All(new());
        routes.MapGet("/endpoints/{id}/events", (string id, IDocumentStore store, CancellationToken cancel, long after = 0) => EventsAsync(history, id, store, after, cancel));
        routes.MapPost("/endpoints/{id}/wake", WakeAsync);
        routes.MapGet("/endpoints/{id}/secrets", async (string id, EndpointSecrets secrets, CancellationToken cancel) => new NodeSecrets(await secrets.TokenAsync(id, cancel)));
    }

    // A proxy that says how far it knows is told that there is nothing new without reading it all.
    private static async Task<IResult> RoutingAsync(IDocumentStore store, TimeProvider time, CancellationToken cancel, long? knownPosition = null)
    {
        // The log's end first, so that everything up to it is certainly in what is read after.
        var position = await new LogSequence(store).SettledAsync(time, cancel);
        if (position == knownPosition) return Results.NoContent();
        await using var session = await store.QuerySerializableSessionAsync(cancel);
        // What was deleted is listed as long as it is remembered: who was cut off may have missed how its last node ended.
        var remembered = time.GetUtcNow() - ReadModel.TombstonesKept;
        var endpoints = await session.Query<Snapshot<EndpointState>>()
            .Where(s => s.State.Status != EndpointStatus.Deleted || s.State.StatusSince > remembered || s.State.Nodes.Any()).ToListAsync(cancel);
        var accounts = await session.Query<Snapshot<AccountState>>().ToListAsync(cancel);
        return Results.Ok(new RoutingSnapshot(
            position, [.. endpoints.Select(s => new VersionedEndpoint(s.Version, s.State))], [.. accounts.Select(s => new VersionedAccount(s.Version, s.State))]));
    }

    private static async Task<IReadOnlyList<StreamVersion>> VersionsAsync(IQuerySession session, string? account, CancellationToken cancel)
    {
        var streams = session.Query<Snapshot<EndpointState>>().Where(s => account == null || s.State.AccountId == account);
        return [.. await streams.Select(s => new StreamVersion(s.Id, s.Version)).ToListAsync(cancel)];
    }

    private static async Task<IReadOnlyList<EndpointChanged>> EventsAsync(MessageComposer history, string id, IDocumentStore store, long after, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        var facts = new List<EndpointChanged>();
        foreach (var e in await session.Events.FetchStreamAsync(id, version: after + PageSize, fromVersion: after + 1, token: cancel))
            if (await history.ComposeAsync(e, store, cancel) is EndpointChanged fact) facts.Add(fact);
        return facts;
    }

    private static async Task<IResult> WakeAsync(string id, WakeEndpoint wake, IMediator mediator, CancellationToken cancel)
    {
        var requests = wake.Waiting == 1 ? "a request waits" : $"{wake.Waiting} requests wait";
        Outcome<EndpointState> outcome = await mediator.Send(new EndpointRequest(id, new Wake($"{requests} at proxy {wake.ProxyId}", wake.ProxyId, wake.DecidedOn)), cancel);
        return outcome.Refusal is { } refusal ? Problems.From(refusal) : Results.Accepted();
    }
}
