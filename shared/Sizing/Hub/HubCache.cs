using System.Collections.Concurrent;

namespace Hypervize.Sizing.Hub;

/// <summary>
/// Documents of revisions, which never change. Bounded in number and bytes: when it is full, half of it, the longest unused, goes. Whether a caller may see a
/// gated model's documents is asked of the Hub each time.
/// </summary>
internal sealed class HubCache
{
    private const int Most = 2000;
    private const long MostBytes = 200_000_000;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private long _uses;

    /// <summary>A document; null when it is not held.</summary>
    /// <param name="key">Model, revision and path.</param>
    public HubAnswer? Get(string key)
    {
        if (!_entries.TryGetValue(key, out var entry)) return null;
        entry.Used = Interlocked.Increment(ref _uses);
        return entry.Answer;
    }

    /// <summary>Holds a document.</summary>
    /// <param name="key">Model, revision and path.</param>
    /// <param name="answer">The document, or that there is none.</param>
    public void Put(string key, HubAnswer answer)
    {
        if (answer.Body.Length > MostBytes / 8) return;
        if (_entries.Count >= Most || _entries.Sum(e => (long)e.Value.Answer.Body.Length) + answer.Body.Length > MostBytes)
            foreach (var (old, _) in _entries.OrderBy(e => e.Value.Used).Take(Math.Max(1, _entries.Count / 2))) _entries.TryRemove(old, out _);
        _entries[key] = new(answer) { Used = Interlocked.Increment(ref _uses) };
    }

    private sealed class Entry(HubAnswer answer)
    {
        public HubAnswer Answer { get; } = answer;

        public long Used { get; set; }
    }
}
