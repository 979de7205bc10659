using System.Diagnostics;
using JasperFx.Events;
using Marten;

namespace Hypervize.EventSourcing;

/// <summary>Carries the trace of a request in the headers of the events it caused, over the log, to the messages made of them.</summary>
public static class TraceHeaders
{
    private const string TraceParent = "traceparent";

    /// <summary>Name of the source of the forwarder's activities.</summary>
    public const string SourceName = "Hypervize.EventSourcing";

    internal static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the activity that appends to a stream; null when nobody listens.</summary>
    /// <param name="key">The stream's key.</param>
    internal static Activity? Append(string key) => Source.StartActivity("append")?.SetTag("hypervize.stream", key);

    /// <summary>Writes an activity's id into the events that the session will append.</summary>
    /// <param name="session">The session.</param>
    /// <param name="activity">The activity.</param>
    internal static void Write(IDocumentSession session, Activity? activity)
    {
        if (activity?.Id is { } id) session.SetHeader(TraceParent, id);
    }

    /// <summary>The W3C <c>traceparent</c> that an event was appended under; null when it was not traced.</summary>
    /// <param name="e">A stored event.</param>
    public static string? Read(IEvent e) => e.GetHeader(TraceParent)?.ToString();
}
