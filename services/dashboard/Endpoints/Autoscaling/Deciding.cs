using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>Who decides how many nodes there are, while the policy finds nothing.</summary>
public static class Deciding
{
    /// <summary>It in a sentence or two.</summary>
    /// <param name="it">The endpoint.</param>
    public static string Of(EndpointResource it) => it.Status switch
    {
        EndpointStatus.Up => "It has just come up, and is evaluated within seconds.",
        EndpointStatus.Building => $"It is being provisioned with {Count(it.Wanted)}. Load is evaluated from when the first one serves.",
        EndpointStatus.Hibernated => $"It sleeps, and load is not evaluated: the next request wakes it with {Count(Math.Max(1, it.Scaling.Min))}. {Sleeps(it)}",
        EndpointStatus.Waking => $"It was woken with {Count(it.Wanted)}. Load is evaluated from when the first one serves; until then requests are held.",
        EndpointStatus.Failed => "Starting it failed, and nothing is started until it is enabled again: load does not count.",
        EndpointStatus.Disabled => "It is switched off, and has no node whatever the load, until it is enabled again.",
        EndpointStatus.Deleted => "It was deleted.",
    };

    /// <summary>When it goes to sleep.</summary>
    /// <param name="it">The endpoint.</param>
    public static string Sleeps(EndpointResource it) => it.Scaling.Min > 0
        ? $"It never sleeps: its minimum is {Count(it.Scaling.Min)}."
        : $"It goes to sleep when there was no request for {Words.Span(TimeSpan.FromSeconds(it.Scaling.IdleSeconds))}.";

    private static string Count(int nodes) => Words.Count(nodes, "node");
}
