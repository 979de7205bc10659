using Hypervize.Billing.Ledger;
using Hypervize.Contracts;

namespace Hypervize.Billing.Invoices;

/// <summary>Adds meters up to money. Pure.</summary>
public static class Bill
{
    private const int SecondsPerHour = 3600;
    private const int Decimals = 6;

    /// <summary>
    /// The lines of a bill: a meter's time is cut at midnights (UTC), and both ends of every meter are cut down to whole seconds, so that
    /// splitting a meter never changes the sum. A total is the sum of its lines' amounts.
    /// </summary>
    /// <param name="meters">Meters, running ones included.</param>
    /// <param name="from">Start of the bill.</param>
    /// <param name="to">End of the bill; a running meter ends here.</param>
    public static IReadOnlyList<Line> Lines(IEnumerable<Meter> meters, DateTimeOffset from, DateTimeOffset to)
    {
        var all = meters.ToList();
        var nodes = all.Select(m => new Stretch(m.EndpointId, LineKind.Node, m.NodeId, m.Hardware, m.PricePerHour, m.From, m.To, m.OpenedBy, m.ClosedBy));
        return [.. nodes.Concat(AddOns(all, to)).SelectMany(s => Days(s, from, to)).Where(l => l.Seconds > 0)
            .OrderBy(l => l.From).ThenBy(l => l.EndpointId, StringComparer.Ordinal).ThenBy(l => l.Subject, StringComparer.Ordinal)];
    }

    /// <summary>US dollars per hour that running meters cost now, add-ons once per endpoint.</summary>
    /// <param name="running">Meters without an end.</param>
    public static decimal BurnPerHour(IReadOnlyCollection<Meter> running) =>
        running.Sum(m => m.PricePerHour)
        + running.SelectMany(m => m.AddOns.Select(a => (m.EndpointId, a.Id, a.PricePerHour))).Distinct().Sum(a => a.PricePerHour);

    // An add-on runs while any meter of its endpoint bears it at that price: the union of those meters.
    private static IEnumerable<Stretch> AddOns(IReadOnlyList<Meter> meters, DateTimeOffset to)
    {
        var bearing = from m in meters
                      from addOn in m.AddOns
                      let stretch = new Stretch(m.EndpointId, LineKind.AddOn, addOn.Id, null, addOn.PricePerHour, m.From, m.To, m.OpenedBy, m.ClosedBy)
                      group stretch by (m.EndpointId, addOn.Id, addOn.PricePerHour);
        foreach (var group in bearing)
        {
            Stretch? current = null;
            foreach (var next in group.OrderBy(s => s.From))
            {
                if (current is null) current = next;
                else if (next.From > (current.To ?? to))
                {
                    yield return current;
                    current = next;
                }
                else if (current.To is not null && (next.To is null || next.To > current.To)) current = current with { To = next.To, ClosedBy = next.ClosedBy };
            }
            yield return current!;
        }
    }

    private static IEnumerable<Line> Days(Stretch stretch, DateTimeOffset from, DateTimeOffset to)
    {
        var start = WholeSecond(stretch.From > from ? stretch.From : from);
        var end = WholeSecond(stretch.To is { } ended && ended < to ? ended : to);
        while (start < end)
        {
            var day = DateOnly.FromDateTime(start.UtcDateTime);
            var midnight = new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
            var until = end < midnight ? end : midnight;
            var seconds = (long)(until - start).TotalSeconds;
            var amount = Math.Round(stretch.PricePerHour * seconds / SecondsPerHour, Decimals, MidpointRounding.AwayFromZero);
            yield return new(stretch.EndpointId, stretch.Kind, stretch.Subject, stretch.Hardware, day, start, until, seconds, stretch.PricePerHour, amount,
                stretch.OpenedBy, stretch.ClosedBy);
            start = until;
        }
    }

    private static DateTimeOffset WholeSecond(DateTimeOffset t) => DateTimeOffset.FromUnixTimeSeconds(t.ToUnixTimeSeconds());

    private sealed record Stretch(
        string EndpointId, LineKind Kind, string Subject, string? Hardware, decimal PricePerHour, DateTimeOffset From, DateTimeOffset? To, Guid OpenedBy, Guid? ClosedBy);
}
