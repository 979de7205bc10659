namespace Hypervize.EventSourcing;

/// <summary>What kind of refusal it is; routes turn it into an HTTP status.</summary>
public enum RefusalKind
{
    /// <summary>There is no such thing, or not for this caller (404).</summary>
    NotFound,

    /// <summary>There was such a thing, and it ended for good (410).</summary>
    Gone,

    /// <summary>It is not possible in the present state (409).</summary>
    Conflict,

    /// <summary>The caller's precondition no longer holds (412).</summary>
    Stale,

    /// <summary>The request itself is wrong (422).</summary>
    Invalid,
}

/// <summary>A command that was understood and not done.</summary>
/// <param name="Kind">What kind of refusal it is.</param>
/// <param name="Code">Stable snake_case code that clients may program against.</param>
/// <param name="Message">What is wrong and what to do, for people.</param>
/// <param name="Field">Path of the field that is to blame, such as <c>scaling.min</c>; null when none is.</param>
public sealed record Refusal(RefusalKind Kind, string Code, string Message, string? Field = null);

/// <summary>What a decider says: events that happened, nothing, or a refusal.</summary>
/// <typeparam name="TEvent">Base type of the stream's events.</typeparam>
/// <param name="Events">Events to append, in order; empty when there is nothing to say.</param>
/// <param name="Refusal">Why not; null unless refused.</param>
public sealed record Decision<TEvent>(IReadOnlyList<TEvent> Events, Refusal? Refusal)
{
    /// <summary>It was done already, or has become pointless.</summary>
    public static Decision<TEvent> Nothing { get; } = new([], null);

    /// <summary>These things happened.</summary>
    /// <param name="events">Events to append, in order.</param>
    public static Decision<TEvent> Say(params IReadOnlyList<TEvent> events) => new(events, null);

    /// <summary>No.</summary>
    /// <param name="kind">What kind of refusal it is.</param>
    /// <param name="code">Stable snake_case code.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="field">Path of the field that is to blame; null when none is.</param>
    public static Decision<TEvent> Refuse(RefusalKind kind, string code, string message, string? field = null) => new([], new Refusal(kind, code, message, field));
}

/// <summary>How a decision ended after it was written.</summary>
/// <typeparam name="TState">The stream's state.</typeparam>
/// <param name="State">State after the decision; null when the stream does not exist.</param>
/// <param name="Version">Stream version after the decision; 0 when the stream does not exist.</param>
/// <param name="Refusal">Why not; null unless refused.</param>
/// <param name="Changed">Whether events were appended.</param>
public sealed record Outcome<TState>(TState? State, long Version, Refusal? Refusal, bool Changed) where TState : class;
