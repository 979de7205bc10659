using Marten;
using Microsoft.AspNetCore.DataProtection;

namespace Hypervize.Endpoints.Secrets;

/// <summary>An endpoint's secrets, protected.</summary>
/// <param name="Id">The endpoint.</param>
/// <param name="HuggingFaceToken">The token for its model, protected.</param>
/// <param name="StoredAt">When it was stored.</param>
public sealed record StoredSecrets(string Id, string HuggingFaceToken, DateTimeOffset StoredAt);

/// <summary>
/// Keeps endpoints' secrets: encrypted, in a table of their own, in no event and no message. They are written in the transaction of their endpoint's creation,
/// and destroyed in that of its deletion.
/// </summary>
/// <param name="store">The service's store.</param>
/// <param name="protection">Protects them.</param>
/// <param name="time">Time.</param>
public sealed class EndpointSecrets(IDocumentStore store, IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>Stores a token with the creation of its endpoint.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="token">The token.</param>
    public Action<IDocumentOperations> Storing(string endpointId, string token)
    {
        var sealedToken = new StoredSecrets(endpointId, For(endpointId).Protect(token), time.GetUtcNow());
        return transaction => transaction.Store(sealedToken);
    }

    /// <summary>Destroys an endpoint's secrets with its deletion.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public static Action<IDocumentOperations> Destroying(string endpointId) => transaction => transaction.Delete<StoredSecrets>(endpointId);

    /// <summary>An endpoint's token; null when it has none.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<string?> TokenAsync(string endpointId, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<StoredSecrets>(endpointId, cancel) is { } stored ? For(endpointId).Unprotect(stored.HuggingFaceToken) : null;
    }

    // A secret is for one endpoint alone: moved to another's row it can't be read.
    private IDataProtector For(string endpointId) => protection.CreateProtector("endpoint-secrets", endpointId);
}
