using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Playground;

/// <summary>What the playground's script is told of an endpoint, whenever it changes.</summary>
/// <param name="Status">The status, as the API writes it.</param>
/// <param name="Refusal">Why it can't be called; null when it can.</param>
/// <param name="UsualMs">Milliseconds that it usually takes to wake; null when nobody knows.</param>
public sealed record Talk(string Status, string? Refusal, double? UsualMs)
{
    /// <summary>How it is now.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="cap">What its account may spend; null while it is not known.</param>
    /// <param name="usual">How long it usually takes to wake; null when nobody knows.</param>
    public static Talk Of(EndpointResource it, CapResource? cap, TimeSpan? usual) =>
        new(it.Status.ToString().ToLowerInvariant(), Why(it, cap), usual?.TotalMilliseconds);

    /// <summary>What the first message does beside being answered; null for nothing.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="usual">How long it usually takes to wake; null when nobody knows.</param>
    public static string? Hint(EndpointResource it, TimeSpan? usual) => it.Status switch
    {
        EndpointStatus.Hibernated => $"It sleeps: your message wakes it, which takes {About(usual)}, and is answered then.",
        EndpointStatus.Waking => $"It is waking up, which takes {About(usual)}: your message is held, and answered then.",
        EndpointStatus.Building or EndpointStatus.Up or EndpointStatus.Failed or EndpointStatus.Disabled or EndpointStatus.Deleted => null,
    };

    private static string? Why(EndpointResource it, CapResource? cap) => it.Status switch
    {
        EndpointStatus.Building => "It is being built: you can chat as soon as it is online.",
        EndpointStatus.Failed => $"It failed. {it.Failure?.Message} Mend the cause, then enable it.",
        EndpointStatus.Disabled => "It is switched off. Enable it to chat.",
        EndpointStatus.Deleted => "It was deleted.",
        EndpointStatus.Up or EndpointStatus.Hibernated or EndpointStatus.Waking => cap is { Reached: true }
            ? $"The account's monthly cap of {Words.Usd(cap.MonthlyUsd)} is reached, so calls are refused. Raise or remove it under Billing."
            : null,
    };

    private static string About(TimeSpan? usual) => usual is not { } known ? "usually under a minute"
        : $"about {Words.Span(known < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(Math.Round(known.TotalSeconds)))}";
}
