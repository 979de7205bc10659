using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;
using Microsoft.AspNetCore.DataProtection;

namespace Hypervize.Endpoints.Secrets;

/// <summary>An endpoint's secrets, protected.</summary>
/// <param name="Id">The endpoint.</param>
/// <param name="HuggingFaceToken">The token for its model, protected.</param>
/// <param name="StoredAt">When it was stored.</param>
public sealed record StoredSecrets(string Id, string HuggingFaceToken, DateTimeOffset StoredAt);

/// <summary>
/// Keeps endpoints' secrets: encrypted, in a table of their own, in no event and no message. They come before their endpoint, so that no
/// endpoint is without, and go when it is deleted; a sweep removes what a crash left in between.
/// </summary>
/// <param name="store">The service's store.</param>
/// <param name="protection">Protects them.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class EndpointSecrets(IDocumentStore store, IDataProtectionProvider protection, TimeProvider time, ILogger<EndpointSecrets> log) : BackgroundService
{
    private static readonly TimeSpan SweepEach = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Spared = TimeSpan.FromMinutes(5);

    /// <summary>Stores a token before its endpoint is created.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="token">The token.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StoreAsync(string endpointId, string token, CancellationToken cancel)
    {
        await using var session = store.LightweightSession();
        session.Store(new StoredSecrets(endpointId, For(endpointId).Protect(token), time.GetUtcNow()));
        await session.SaveChangesAsync(cancel);
    }

    /// <summary>An endpoint's token; null when it has none.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<string?> TokenAsync(string endpointId, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<StoredSecrets>(endpointId, cancel) is { } stored ? For(endpointId).Unprotect(stored.HuggingFaceToken) : null;
    }

    /// <summary>Destroys an endpoint's secrets.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="cancel">Stops.</param>
    public async Task DestroyAsync(string endpointId, CancellationToken cancel)
    {
        await using var session = store.LightweightSession();
        session.Delete<StoredSecrets>(endpointId);
        await session.SaveChangesAsync(cancel);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogInformation("Secrets could not be swept, trying again: {Reason}", e.Message);
            }
            await Task.Delay(SweepEach, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A secret is for one endpoint alone: moved to another's row it can't be read.
    private IDataProtector For(string endpointId) => protection.CreateProtector("endpoint-secrets", endpointId);

    private async Task SweepAsync(CancellationToken cancel)
    {
        await using var session = store.LightweightSession();
        var old = time.GetUtcNow() - Spared;
        var ids = (await session.Query<StoredSecrets>().Where(s => s.StoredAt < old).Select(s => s.Id).ToListAsync(cancel)).ToList();
        var alive = (await session.LoadManyAsync<Snapshot<EndpointState>>(cancel, ids)).Where(s => s.State.Status != EndpointStatus.Deleted).Select(s => s.Id).ToHashSet();
        var left = ids.Where(id => !alive.Contains(id)).ToArray();
        if (left.Length == 0) return;
        session.DeleteWhere<StoredSecrets>(s => s.Id.IsOneOf(left));
        await session.SaveChangesAsync(cancel);
        log.LogInformation("Destroyed the secrets of {Count} endpoints that are gone", left.Length);
    }
}
