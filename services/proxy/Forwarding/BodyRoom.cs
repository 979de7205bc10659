using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy.Forwarding;

/// <summary>How much of requests is kept here.</summary>
public sealed class BodySettings
{
    /// <summary>Most bytes of large bodies in memory, over all requests: those that come in, wait, or are at nodes. The bodies of one endpoint's requests have at most half of it.</summary>
    [Range(2L * RequestBody.MostBytes, long.MaxValue)] public long MaxBytes { get; set; } = 2L * 1024 * 1024 * 1024;
}

/// <summary>Room in memory for bodies that are larger than most. A body may come as slowly as its client likes, so what comes in is bounded, not only what waits.</summary>
/// <param name="settings">How much there is.</param>
public sealed class BodyRoom(BodySettings settings)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _byEndpoint = new(StringComparer.Ordinal);
    private long _taken;

    /// <summary>Bytes that are taken.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Takes some, if there is any left for the endpoint.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="bytes">Bytes.</param>
    public bool TryTake(string endpointId, int bytes)
    {
        lock (_lock)
        {
            var its = _byEndpoint.GetValueOrDefault(endpointId) + bytes;
            if (_taken + bytes > settings.MaxBytes || its > settings.MaxBytes / 2) return false;
            _taken += bytes;
            _byEndpoint[endpointId] = its;
            return true;
        }
    }

    /// <summary>Gives some back.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="bytes">Bytes.</param>
    public void Give(string endpointId, int bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            if ((_byEndpoint[endpointId] -= bytes) == 0) _byEndpoint.Remove(endpointId);
        }
    }
}
