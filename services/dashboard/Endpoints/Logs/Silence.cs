using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Logs;

/// <summary>Why there is no output to show.</summary>
public static class Silence
{
    /// <summary>What is said while no node has printed anything.</summary>
    /// <param name="status">The endpoint's status.</param>
    public static string Words(EndpointStatus status) => status switch
    {
        EndpointStatus.Building => "A node is being started. What it prints shows here as it prints it.",
        EndpointStatus.Waking => "It is waking up. What its node prints shows here as it prints it.",
        EndpointStatus.Hibernated => "It sleeps: there is no node that prints. Call it, and its node's output shows here.",
        EndpointStatus.Up => "Its nodes have printed nothing yet. It shows here as they do.",
        EndpointStatus.Failed => "No node runs, and nothing of one is kept. Its failure has the last lines of the node that failed.",
        EndpointStatus.Disabled => "It is switched off: there is no node that prints. Enable it, and its nodes' output shows here.",
        EndpointStatus.Deleted => "It was deleted.",
    };
}
