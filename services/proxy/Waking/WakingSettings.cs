using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy.Waking;

/// <summary>How much waits here, and how.</summary>
public sealed class WakingSettings
{
    /// <summary>Most requests that wait for one endpoint.</summary>
    [Range(1, 1_000_000)] public int MaxPerEndpoint { get; set; } = 10_000;

    /// <summary>Most requests that wait in all.</summary>
    [Range(1, 1_000_000)] public int MaxInAll { get; set; } = 20_000;

    /// <summary>Most bytes of bodies that wait for one endpoint.</summary>
    [Range(1, long.MaxValue)] public long MaxBytesPerEndpoint { get; set; } = 512L * 1024 * 1024;

    /// <summary>Most bytes of bodies that wait in all.</summary>
    [Range(1, long.MaxValue)] public long MaxBytesInAll { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Longest hold that <c>Prefer: wait=N</c> can ask for, seconds.</summary>
    [Range(1, 3600)] public int MaxHoldSeconds { get; set; } = 600;

    /// <summary>Seconds after which a stream that waits gets its first heartbeat, and between heartbeats.</summary>
    [Range(0.05, 60)] public double HeartbeatSeconds { get; set; } = 5;
}
