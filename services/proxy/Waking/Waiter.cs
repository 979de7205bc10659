using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;

namespace Hypervize.Proxy.Waking;

/// <summary>What a waiting request is told.</summary>
/// <param name="Node">The node it goes to; null when it goes nowhere yet, or never.</param>
/// <param name="Error">Why it never will; null otherwise.</param>
public sealed record Turn(EndpointNode? Node, InferenceError? Error)
{
    /// <summary>Wait on, and let the client know that somebody is there.</summary>
    public static Turn Heartbeat { get; } = new(null, null);
}

/// <summary>A request in line for a node. All of it is guarded by its gate.</summary>
/// <param name="bytes">Bytes its body occupies.</param>
/// <param name="deadline">When its hold runs out.</param>
/// <param name="heartbeatAt">When it wants a sign of life; null for never.</param>
public sealed class Waiter(int bytes, DateTimeOffset deadline, DateTimeOffset? heartbeatAt)
{
    private TaskCompletionSource<Turn> _turn = New();
    private Turn? _decision;

    /// <summary>Bytes its body occupies.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>When its hold runs out.</summary>
    public DateTimeOffset Deadline { get; } = deadline;

    /// <summary>When it wants a sign of life; null for never.</summary>
    public DateTimeOffset? HeartbeatAt { get; private set; } = heartbeatAt;

    /// <summary>What it is told next.</summary>
    public Task<Turn> Next => _turn.Task;

    /// <summary>The node it was given; null when it was given none.</summary>
    public EndpointNode? Granted => _decision?.Node;

    internal void Decide(Turn turn)
    {
        _decision = turn;
        // A heartbeat it has not taken yet is overtaken by the decision.
        if (!_turn.TrySetResult(turn)) (_turn = New()).SetResult(turn);
    }

    internal void Beat(DateTimeOffset nextAt)
    {
        HeartbeatAt = nextAt;
        if (_decision is null) _turn.TrySetResult(Turn.Heartbeat);
    }

    // After a heartbeat: wait for the next word, unless the decision came meanwhile.
    internal void Rearm()
    {
        if (_decision is null) _turn = New();
    }

    private static TaskCompletionSource<Turn> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
