using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>What is told of an endpoint that starts, or wakes.</summary>
public static class Starts
{
    private const int Remembered = 5;
    private const string Woken = "endpoint_woken";

    /// <summary>What goes on.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="fetching">How far its weights are, in words; null when none are fetched.</param>
    public static string What(EndpointResource it, string? fetching)
    {
        if (fetching is not null) return $"{fetching.TrimEnd('.')}.";
        var starting = it.Nodes.Where(n => n.Status == NodeStatus.Starting).Select(n => n.Id).ToList();
        return starting.Count == 0 ? $"A node on {it.Hardware} is asked for." : $"{string.Join(", ", starting)} {(starting.Count == 1 ? "starts" : "start")} on {it.Hardware}: the runtime begins, and the model is loaded.";
    }

    /// <summary>How long it takes, as far as that can be told.</summary>
    /// <param name="elapsed">Time so far.</param>
    /// <param name="usual">Time that it took before; null when it never did.</param>
    public static string HowLong(TimeSpan elapsed, TimeSpan? usual) => usual switch
    {
        null => $"{Words.Span(elapsed)} so far",
        { } before when elapsed <= before => $"{Words.Span(elapsed)} of about {Words.Span(before)}",
        { } before => $"{Words.Span(elapsed)}, longer than the {Words.Span(before)} of earlier starts",
    };

    /// <summary>How long it took before: the median of the last starts, of the last wakes when it wakes. Null when there was none.</summary>
    /// <param name="timeline">What happened, in order.</param>
    /// <param name="status">Whether it starts or wakes.</param>
    public static TimeSpan? Usual(IEnumerable<TimelineEntry> timeline, EndpointStatus status)
    {
        var (begun, took) = ((TimelineEntry?)null, new List<(bool WasWake, TimeSpan Time)>());
        foreach (var entry in timeline)
        {
            switch (entry.Type)
            {
                case "endpoint_created" or "endpoint_enabled" or Woken:
                    begun = entry;
                    break;
                case "endpoint_failed" or "endpoint_disabled" or "endpoint_hibernated":
                    begun = null;
                    break;
                case "node_ready" when begun is not null:
                    took.Add((begun.Type == Woken, entry.At - begun.At));
                    begun = null;
                    break;
            }
        }
        var alike = took.Where(t => t.WasWake == (status == EndpointStatus.Waking)).ToList();
        var times = (alike.Count > 0 ? alike : took).TakeLast(Remembered).Select(t => t.Time).Order().ToList();
        return times.Count == 0 ? null : times[times.Count / 2];
    }
}
