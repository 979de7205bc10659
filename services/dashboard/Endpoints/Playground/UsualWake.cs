using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Playground;

/// <summary>How long an endpoint usually takes to wake, by its earlier wakes.</summary>
public static class UsualWake
{
    private const int Looked = 5;

    /// <summary>The median of the last five wakes, from the wake to the first node that was ready; null when there was none.</summary>
    /// <param name="events">Its timeline, or the end of it, oldest first.</param>
    public static TimeSpan? Of(IEnumerable<TimelineEntry> events)
    {
        var (wakes, woken) = (new List<TimeSpan>(), (DateTimeOffset?)null);
        foreach (var it in events)
        {
            if (it.Type == "endpoint_woken") woken = it.At;
            else if (it.Type is "endpoint_hibernated" or "endpoint_failed" or "endpoint_disabled") woken = null;
            else if (it.Type == "node_ready" && woken is { } since)
            {
                // The provisioner's clock is another one.
                wakes.Add(it.At > since ? it.At - since : TimeSpan.Zero);
                woken = null;
            }
        }
        var last = wakes.TakeLast(Looked).Order().ToList();
        return last.Count == 0 ? null : last[last.Count / 2];
    }
}
