using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Waking;

/// <summary>Whether an endpoint can be called in its status, and what to tell those who can't. Pure.</summary>
public static class Callability
{
    // Before the first wake is known; a model of some gigabytes takes about that long.
    private const int UnknownWakeSeconds = 30;
    private const int BuildingRetrySeconds = 10;

    /// <summary>Why a call is refused; null when it is served, or held for a node.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="now">Now.</param>
    public static InferenceError? Refusal(RoutedEndpoint endpoint, DateTimeOffset now) => endpoint.State.Status switch
    {
        EndpointStatus.Up or EndpointStatus.Hibernated or EndpointStatus.Waking => null,
        EndpointStatus.Building => new(503, "endpoint_building", Building(endpoint.State, now), BuildingRetrySeconds),
        EndpointStatus.Failed => new(503, "endpoint_failed", $"This endpoint failed ({Word(endpoint.State.Failure)}): {endpoint.State.Failure?.Message} Its owner can mend the cause and enable it."),
        EndpointStatus.Disabled => new(403, "endpoint_disabled", "This endpoint is switched off. Its owner can enable it."),
        EndpointStatus.Deleted => InferenceError.Deleted,
    };

    /// <summary>What to tell a request whose hold ran out.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="now">Now.</param>
    public static InferenceError HeldInVain(RoutedEndpoint endpoint, DateTimeOffset now) => InferenceError.Waking(RetryAfter(endpoint.State, now), endpoint.State.Status switch
    {
        EndpointStatus.Hibernated => "This endpoint sleeps, and the platform could not be asked to wake it in time. Try again shortly, or ask for a longer hold with Prefer: wait=N.",
        EndpointStatus.Waking => "This endpoint is still waking up. Try again shortly, or ask for a longer hold with Prefer: wait=N.",
        EndpointStatus.Up or EndpointStatus.Building or EndpointStatus.Failed or EndpointStatus.Disabled or EndpointStatus.Deleted =>
            "No node of this endpoint had room in time. Try again shortly, ask for a longer hold with Prefer: wait=N, or raise scaling.max.",
    });

    /// <summary>Seconds after which trying again is likely to succeed: the median of this endpoint's last wakes, less what has passed of this one.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="now">Now.</param>
    public static int RetryAfter(EndpointState it, DateTimeOffset now)
    {
        var usual = it.RecentWakesMs.Count == 0 ? UnknownWakeSeconds : it.RecentWakesMs.Order().ElementAt(it.RecentWakesMs.Count / 2) / 1000.0;
        var passed = it.Status == EndpointStatus.Waking ? (now - it.StatusSince).TotalSeconds : 0;
        return (int)Math.Max(1, Math.Ceiling(usual - passed));
    }

    private static string Building(EndpointState it, DateTimeOffset now)
    {
        var starting = it.Nodes.Count(n => n.Status == NodeStatus.Starting);
        var nodes = starting == 0 ? "its first node is being requested" : $"{starting} of {it.Wanted} node{(it.Wanted == 1 ? "" : "s")} started and loading the model";
        return $"This endpoint has been building for {Math.Max(0, (now - it.StatusSince).TotalSeconds):0} s; {nodes}. Try again shortly.";
    }

    private static string Word(Failure? failure) => failure is null ? "unknown" : System.Text.Json.JsonSerializer.Serialize(failure.Code).Trim('"');
}
