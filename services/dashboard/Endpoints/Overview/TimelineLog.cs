using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>What was read of an endpoint's timeline: its newest part, without gaps. Reading twice at once does no harm.</summary>
/// <param name="read">Reads the entries after a version, at most so many.</param>
public sealed class TimelineLog(Func<long, int, Task<TimelinePage>> read)
{
    private const int PageSize = 50;
    private const int MostOfAPage = 200;
    private readonly SortedDictionary<long, TimelineEntry> _entries = [];

    /// <summary>What was read, oldest first.</summary>
    public IReadOnlyCollection<TimelineEntry> Entries => _entries.Values;

    /// <summary>Whether there are older ones.</summary>
    public bool HasOlder => _entries.Count > 0 && Oldest > 1;

    /// <summary>Reads what is new; the first time the last page.</summary>
    /// <param name="version">Version that the endpoint has; null when nobody says it any more.</param>
    public async Task ReadNewAsync(long? version)
    {
        long? after = _entries.Count > 0 ? _entries.Keys.Last() : Math.Max(0, (version ?? await LengthAsync()) - PageSize);
        while (after is { } from) after = Take(await read(from, MostOfAPage)).After;
    }

    /// <summary>Reads the page before.</summary>
    public async Task ReadOlderAsync()
    {
        if (!HasOlder) return;
        var after = Math.Max(0, Oldest - 1 - PageSize);
        Take(await read(after, (int)(Oldest - 1 - after)));
    }

    private long Oldest => _entries.Keys.First();

    private TimelinePage Take(TimelinePage page)
    {
        foreach (var entry in page.Events) _entries[entry.Version] = entry;
        return page;
    }

    // Of an endpoint that is gone nobody says how long its timeline is: versions have no gaps, so that it is found by halving.
    private async Task<long> LengthAsync()
    {
        var (known, beyond) = (0L, (long)PageSize);
        while (await HasAsync(beyond)) (known, beyond) = (beyond, 2 * beyond);
        while (beyond - known > 1)
        {
            var middle = known + ((beyond - known) / 2);
            (known, beyond) = await HasAsync(middle) ? (middle, beyond) : (known, middle);
        }
        return known;
    }

    private async Task<bool> HasAsync(long version) => (await read(version - 1, 1)).Events.Any(e => e.Version >= version);
}
