using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Hypervize.Client;

/// <summary>A server-sent event.</summary>
/// <param name="Id">What to say as <c>Last-Event-ID</c> to go on after it; null when it has none of its own.</param>
/// <param name="Type">Its type; <c>message</c> when it says none.</param>
/// <param name="Data">Its data.</param>
public sealed record ServerEvent(string? Id, string Type, string Data);

/// <summary>Reads server-sent events.</summary>
public static class ServerEvents
{
    /// <summary>Reads the events of a stream, until it ends. An event that it breaks off in is none.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancel">Stops.</param>
    public static async IAsyncEnumerable<ServerEvent> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var it in SseParser.Create(stream).EnumerateAsync(cancel)) yield return new(it.EventId, it.EventType, it.Data);
    }
}
