using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints;

/// <summary>Something that an owner can have an endpoint do.</summary>
/// <param name="Path">Last part of its route.</param>
/// <param name="Word">What its button says.</param>
/// <param name="Doing">What its button says while it is under way.</param>
public sealed record EndpointAction(string Path, string Word, string Doing)
{
    /// <summary>To sleep, now.</summary>
    public static EndpointAction Sleep { get; } = new("hibernate", "Sleep now", "Falling asleep…");

    /// <summary>To wake.</summary>
    public static EndpointAction Wake { get; } = new("wake", "Wake", "Waking…");

    /// <summary>To be off.</summary>
    public static EndpointAction Disable { get; } = new("disable", "Disable", "Disabling…");

    /// <summary>To be on again.</summary>
    public static EndpointAction Enable { get; } = new("enable", "Enable", "Enabling…");

    /// <summary>To start anew after it failed.</summary>
    public static EndpointAction TryAgain { get; } = new("enable", "Try again", "Starting…");

    /// <summary>Between sleep and work: what fits a status; null when nothing does.</summary>
    /// <param name="status">The status.</param>
    public static EndpointAction? Rest(EndpointStatus status) => status switch
    {
        EndpointStatus.Up or EndpointStatus.Waking => Sleep,
        EndpointStatus.Hibernated => Wake,
        EndpointStatus.Building or EndpointStatus.Failed or EndpointStatus.Disabled or EndpointStatus.Deleted => null,
    };
}
