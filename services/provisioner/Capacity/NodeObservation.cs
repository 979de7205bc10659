namespace Hypervize.Provisioner.Capacity;

/// <summary>What is seen of a node's process.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Address">Base URL that proxies reach it by.</param>
/// <param name="SpawnedAt">When it was spawned.</param>
/// <param name="ReadyBy">When its start-up budget ends.</param>
/// <param name="GoneAt">When its process was seen to be gone; when that was not seen, when it was last seen alive. Null while it lives.</param>
/// <param name="ExitCode">Exit code of its process, where known.</param>
/// <param name="ReadyAt">Its first healthy answer.</param>
/// <param name="RuntimeReadyAt">When the runtime itself says it became ready; null when it does not say.</param>
/// <param name="LastHealthyAt">Its last healthy answer.</param>
/// <param name="Unanswered">Probes in a row that failed since it was healthy.</param>
/// <param name="UnansweredSince">When the first of these failed.</param>
/// <param name="CountsRequests">Whether its runtime tells how many requests it has.</param>
/// <param name="Requests">Requests running and waiting at the node; null when not known.</param>
/// <param name="RequestsAt">When these were counted.</param>
/// <param name="TerminatedAt">When it was asked to end, by this run of the provisioner.</param>
/// <param name="WithPlatform">Whether it ended because the whole platform was stopped.</param>
public sealed record NodeObservation(
    string NodeId, string Address, DateTimeOffset SpawnedAt, DateTimeOffset ReadyBy, DateTimeOffset? GoneAt = null, int? ExitCode = null,
    DateTimeOffset? ReadyAt = null, DateTimeOffset? RuntimeReadyAt = null, DateTimeOffset? LastHealthyAt = null,
    int Unanswered = 0, DateTimeOffset? UnansweredSince = null,
    bool CountsRequests = true, int? Requests = null, DateTimeOffset? RequestsAt = null, DateTimeOffset? TerminatedAt = null, bool WithPlatform = false)
{
    /// <summary>Whether its process lives.</summary>
    public bool IsAlive => GoneAt is null;
}
