using JasperFx.Events;
using Marten;

namespace Hypervize.EventSourcing;

/// <summary>How far a service's log was forwarded.</summary>
public sealed class LogMark
{
    private const string OfTheLog = "log";

    /// <summary>Always the same: a service has one log.</summary>
    public string Id { get; init; } = OfTheLog;

    /// <summary>Up to here every event was published, and no transaction can add another.</summary>
    public required long Position { get; init; }

    /// <summary>Up to where the log was forwarded; 0 before it ever was.</summary>
    /// <param name="session">A session.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<long> PositionAsync(IQuerySession session, CancellationToken cancel) =>
        (await session.LoadAsync<LogMark>(OfTheLog, cancel))?.Position ?? 0;
}

/// <summary>Reads a service's log from its end, without skipping what commits late.</summary>
internal sealed class LogReader(IDocumentStore store, LogFrontier frontier)
{
    private const int PageSize = 500;

    private readonly LogSequence _sequence = new(store);
    private long _remembered = frontier.Mark;

    /// <summary>Whether events may turn up below what was read.</summary>
    public bool Waits => frontier.Missing.Count > 0;

    /// <summary>A reader that goes on where the log was forwarded to.</summary>
    /// <param name="store">The service's store.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<LogReader> ResumeAsync(IDocumentStore store, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        return new(store, new(await LogMark.PositionAsync(session, cancel)));
    }

    /// <summary>Events that were not read yet, each stream's in order; none when there is nothing new.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<IEvent>> ReadAsync(CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        if (Waits) frontier.Suspect(await _sequence.DrawersAsync(session, cancel));

        // One statement and so one view of the log: a stream's later event can't be seen without its earlier ones.
        var (mark, head, missing) = (frontier.Mark, frontier.Head, frontier.Missing.ToArray());
        var unread = missing.Length == 0
            ? session.Events.QueryAllRawEvents().Where(e => e.Sequence > head)
            : session.Events.QueryAllRawEvents().Where(e => e.Sequence > mark && (e.Sequence > head || e.Sequence.IsOneOf(missing)));
        var page = await unread.OrderBy(e => e.Sequence).Take(PageSize).ToListAsync(cancel);
        frontier.Read([.. page.Select(e => e.Sequence)], complete: page.Count < PageSize);
        return page;
    }

    /// <summary>Writes down that what was read has been forwarded.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task RememberAsync(CancellationToken cancel)
    {
        if (frontier.Mark == _remembered) return;
        await using var session = store.LightweightSession();
        session.Store(new LogMark { Position = frontier.Mark });
        await session.SaveChangesAsync(cancel);
        _remembered = frontier.Mark;
    }
}
