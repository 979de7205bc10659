using System.Text.Json.Nodes;
using Hypervize.Client;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Deploy;

/// <summary>One order of one endpoint: however often it is sent, one is made.</summary>
/// <param name="api">The API.</param>
public sealed class EndpointOrder(PlatformApi api)
{
    private const string Quote = "quote";
    private string _key = NewKey();
    private JsonObject? _lost;

    /// <summary>Sends it.</summary>
    /// <param name="body">What is asked for.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The endpoint, also when an earlier try made it.</returns>
    /// <exception cref="RefusedException">It was refused, or the platform could not be reached.</exception>
    public async Task<EndpointResource> SendAsync(JsonObject body, CancellationToken cancel)
    {
        // What a try may have made whose answer was lost is asked for in the very same words: with another quote it would be another wish.
        if (_lost is not null && IsSameButForTheQuote(_lost, body)) body = _lost;
        _lost = body;
        try
        {
            return await api.CallAsync<EndpointResource>(HttpMethod.Post, "v1/endpoints", body, cancel, _key);
        }
        catch (RefusedException e) when (e.Code is "idempotency_key_reused" or "endpoint_deleted")
        {
            (_key, _lost) = (NewKey(), null);
            const string told = "An earlier try did make an endpoint, of what stood here then: it is listed under Inference. To deploy this one too, deploy once more.";
            throw new RefusedException(told) { Status = e.Status, Code = e.Code };
        }
        catch (RefusedException e) when (e.Status is < 500)
        {
            _lost = null;
            throw;
        }
    }

    private static bool IsSameButForTheQuote(JsonObject one, JsonObject other)
    {
        var (first, second) = (one.DeepClone().AsObject(), other.DeepClone().AsObject());
        return first.Remove(Quote) == second.Remove(Quote) && JsonNode.DeepEquals(first, second);
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");
}
