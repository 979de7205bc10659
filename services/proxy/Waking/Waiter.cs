using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;

namespace Hypervize.Proxy.Waking;

/// <summary>What a request is told that asked for a node.</summary>
/// <param name="Node">The node it goes to; null when it goes nowhere.</param>
/// <param name="Error">Why it goes nowhere; null when its client went away.</param>
public readonly record struct Turn(EndpointNode? Node, InferenceError? Error);

/// <summary>A request in line for a node. All of it is guarded by its gate.</summary>
/// <param name="gate">Its gate.</param>
/// <param name="bytes">Bytes its body occupies.</param>
/// <param name="arrivedAt">Timestamp of its arrival.</param>
/// <param name="since">Timestamp of its entering.</param>
/// <param name="hold">How long it may wait from then on.</param>
/// <param name="isWoken">Whether it waits for the endpoint to wake.</param>
public sealed class Waiter(Gate gate, int bytes, long arrivedAt, long since, TimeSpan hold, bool isWoken)
{
    private readonly TaskCompletionSource<Turn> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The gate it waits at.</summary>
    public Gate Gate { get; } = gate;

    /// <summary>Bytes its body occupies.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>Timestamp of its arrival.</summary>
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>Timestamp of its entering.</summary>
    public long Since { get; } = since;

    /// <summary>How long it may wait from then on.</summary>
    public TimeSpan Hold { get; } = hold;

    /// <summary>Whether it waits for the endpoint to wake.</summary>
    public bool IsWoken { get; } = isWoken;

    /// <summary>What it is told in the end.</summary>
    public Task<Turn> Decided => _turn.Task;

    /// <summary>Its place in line; null when it is in none.</summary>
    internal LinkedListNode<Waiter>? Place { get; set; }

    /// <summary>Its client went away. A place that it was given already is given back by whoever it was given to.</summary>
    internal void Abandon()
    {
        lock (Gate)
            if (Gate.Leave(this)) Decide(new(null, null));
    }

    internal void Decide(Turn turn) => _turn.TrySetResult(turn);
}
