using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Configuration;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>What an entry of a timeline looks like.</summary>
public enum TimelineKind
{
    /// <summary>It was created or switched on.</summary>
    Began,

    /// <summary>A node starts.</summary>
    Starting,

    /// <summary>A node serves.</summary>
    Serving,

    /// <summary>A node leaves, or left.</summary>
    Leaving,

    /// <summary>More or fewer nodes are wanted.</summary>
    Scaled,

    /// <summary>It went to sleep.</summary>
    Slept,

    /// <summary>It wakes.</summary>
    Woke,

    /// <summary>A start, a node or the endpoint failed.</summary>
    Failed,

    /// <summary>It was switched off or deleted.</summary>
    Ended,

    /// <summary>Something else, such as other settings.</summary>
    Changed,
}

/// <summary>Something that happened, as it is shown.</summary>
/// <param name="Entry">The entry that says how it ended.</param>
/// <param name="Kind">What it looks like.</param>
/// <param name="Before">Entries of the same node that led to it, in order.</param>
/// <param name="Failure">The typed cause; null when nothing failed.</param>
/// <param name="Changes">Settings that changed, in words.</param>
public sealed record TimelineItem(TimelineEntry Entry, TimelineKind Kind, IReadOnlyList<TimelineEntry> Before, Failure? Failure, IReadOnlyList<string> Changes)
{
    private string? _details;

    /// <summary>The facts as JSON, in order.</summary>
    public string Details => _details ??= string.Join("\n\n", Before.Append(Entry).Select(e => e.Json()));
}

/// <summary>Makes of a timeline what is shown: newest first, and one item of what belongs together.</summary>
public static class TimelineDisplay
{
    /// <summary>What is shown.</summary>
    /// <param name="entries">Entries, oldest first.</param>
    public static IReadOnlyList<TimelineItem> Of(IEnumerable<TimelineEntry> entries)
    {
        var (shown, open, settings) = (new Dictionary<long, TimelineItem>(), new Dictionary<string, List<TimelineEntry>>(StringComparer.Ordinal), (EndpointSettings?)null);
        foreach (var entry in entries)
        {
            var (node, before) = (entry.Text("nodeId"), (IReadOnlyList<TimelineEntry>)[]);
            // A start and what came of it, or leaving and having left, are one thing once it is over.
            if (node is not null && entry.Type is "endpoint_provisioning" or "node_draining") open.TryAdd(node!, []);
            if (node is not null && entry.Type is "node_ready" or "node_stopped" or "node_lost" && open.Remove(node!, out var led)) before = led;
            if (node is not null && open.TryGetValue(node, out var going)) going.Add(entry);
            foreach (var one in before) shown.Remove(one.Version);

            var now = entry.Part<EndpointSettings>("settings");
            shown[entry.Version] = new(entry, Kind(entry.Type), before, entry.Part<Failure>("failure"), settings is null || now is null ? [] : EndpointSetting.Changes(settings, now));
            settings = now ?? settings;
        }
        return [.. shown.Values.OrderByDescending(i => i.Entry.Version)];
    }

    private static TimelineKind Kind(string type) => type switch
    {
        "endpoint_created" or "endpoint_enabled" => TimelineKind.Began,
        "endpoint_provisioning" => TimelineKind.Starting,
        "node_ready" => TimelineKind.Serving,
        "node_draining" or "node_stopped" => TimelineKind.Leaving,
        "endpoint_scaled" => TimelineKind.Scaled,
        "endpoint_hibernated" => TimelineKind.Slept,
        "endpoint_woken" => TimelineKind.Woke,
        "node_lost" or "endpoint_failed" => TimelineKind.Failed,
        "endpoint_disabled" or "endpoint_deleted" => TimelineKind.Ended,
        _ => TimelineKind.Changed,
    };
}
