namespace Hypervize.EventSourcing;

/// <summary>
/// How far a log was read, and which of its numbers below that are missing. A writer draws an event's number before it commits, so
/// a number may turn up late (its transaction is slow) or never (it was rolled back). Nothing waits for a missing number: later
/// events go ahead, which keeps every stream's order, because writers of one stream commit in the order of their numbers. A number
/// is given up only when no transaction is left that could have drawn it. Pure.
/// </summary>
/// <param name="mark">Number up to which everything was read, or will never be.</param>
internal sealed class LogFrontier(long mark)
{
    // By number: the transactions that may have drawn it; null until it is known which were open when it was found missing.
    private readonly SortedDictionary<long, IReadOnlySet<string>?> _missing = [];

    /// <summary>Number up to which everything was read, or will never be.</summary>
    public long Mark => _missing.Count == 0 ? Head : _missing.First().Key - 1;

    /// <summary>The highest number read.</summary>
    public long Head { get; private set; } = mark;

    /// <summary>Numbers below <see cref="Head"/> that may still turn up.</summary>
    public IReadOnlyCollection<long> Missing => _missing.Keys;

    /// <summary>Narrows down who could still bring what is missing. Asked before the log is read again.</summary>
    /// <param name="drawers">Transactions open now that have drawn a number, whichever.</param>
    public void Suspect(IReadOnlySet<string> drawers)
    {
        foreach (var (number, suspects) in _missing.ToList())
            _missing[number] = suspects is null ? drawers : suspects.Intersect(drawers).ToHashSet();
    }

    /// <summary>Takes note of what was read.</summary>
    /// <param name="numbers">Committed numbers among <see cref="Missing"/> and above <see cref="Head"/>, in order.</param>
    /// <param name="complete">Whether these are all; else there may be more above the last of them.</param>
    public void Read(IReadOnlyList<long> numbers, bool complete)
    {
        foreach (var number in numbers.Where(n => n <= Head)) _missing.Remove(number);

        var seen = complete ? long.MaxValue : numbers[^1];
        foreach (var (number, suspects) in _missing.ToList())
            if (number < seen && suspects is { Count: 0 }) _missing.Remove(number);

        foreach (var number in numbers.Where(n => n > Head))
        {
            for (var skipped = Head + 1; skipped < number; skipped++) _missing.Add(skipped, null);
            Head = number;
        }
    }
}
