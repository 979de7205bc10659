using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Forwarding;

/// <summary>One inference request on its way, and what is noted about it for metering.</summary>
/// <param name="http">The request.</param>
/// <param name="endpoint">Its endpoint, as it was routed when the request came.</param>
/// <param name="path">What of the endpoint is called.</param>
/// <param name="body">Its body.</param>
/// <param name="arrivedAt">Timestamp of its arrival.</param>
internal sealed class InferenceCall(HttpContext http, RoutedEndpoint endpoint, InferencePath path, RequestBody body, long arrivedAt)
{
    /// <summary>The request.</summary>
    public HttpContext Http { get; } = http;

    /// <summary>Its endpoint, as it was routed when the request came.</summary>
    public RoutedEndpoint Endpoint { get; } = endpoint;

    /// <summary>What of the endpoint is called.</summary>
    public InferencePath Path { get; } = path;

    /// <summary>Its body.</summary>
    public RequestBody Body { get; } = body;

    /// <summary>Timestamp of its arrival.</summary>
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>The gate it came to.</summary>
    public Gate? Gate { get; set; }

    /// <summary>How long it may be held.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>Timestamp from which on it is held, however often it is turned away; null before.</summary>
    public long? HeldSince { get; set; }

    /// <summary>Keeps its stream alive; null when it is none.</summary>
    public Heartbeat? Heartbeat { get; init; }

    /// <summary>Whether the client went away.</summary>
    public bool ClientIsGone => Http.RequestAborted.IsCancellationRequested;

    /// <summary>Where its time went, when it was held for a wake; null when it was not.</summary>
    public string? WakeReceipt { get; set; }

    /// <summary>Tokens, as the node counted them; null when it did not.</summary>
    public TokenUsage? Usage { get; set; }

    /// <summary>Timestamp of the first piece of a stream; 0 before it.</summary>
    public long FirstPieceAt { get; set; }

    /// <summary>Timestamp of the last piece of a stream.</summary>
    public long LastPieceAt { get; set; }

    /// <summary>Whether any of the answer was given to the client: from then on it can't be another.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>The status of an answer that the client was given as an event, because the response had begun; else null.</summary>
    public int? NodeStatus { get; set; }

    /// <summary>Times between the pieces of a stream.</summary>
    public Durations? Gaps { get; set; }
}
