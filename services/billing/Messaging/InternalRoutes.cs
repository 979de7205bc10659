using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;

namespace Hypervize.Billing.Messaging;

/// <summary>What other services ask this one.</summary>
public static class InternalRoutes
{
    /// <summary>Maps the routes under <c>/internal</c>.</summary>
    /// <param name="app">The service.</param>
    public static void MapInternal(this WebApplication app) => app.MapGroup("/internal").ForServicesOnly().MapGet("/spending", SpendingAsync);

    // A proxy that says how far it knows is told that there is nothing new without reading it all.
    private static async Task<IResult> SpendingAsync(IDocumentStore store, TimeProvider time, CancellationToken cancel, long? knownPosition = null)
    {
        // The log's end first, so that everything up to it is certainly in what is read after.
        var position = await new LogSequence(store).SettledAsync(time, cancel);
        if (position == knownPosition) return Results.NoContent();
        await using var session = store.QuerySession();
        var accounts = await session.Query<Snapshot<SpendState>>().ToListAsync(cancel);
        return Results.Ok(new SpendSnapshot(position, [.. accounts.Select(s => new VersionedSpend(s.Version, s.State))]));
    }
}
