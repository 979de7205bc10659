using Hypervize.Billing.Invoices;
using Hypervize.Billing.Ledger;
using Hypervize.Billing.Messaging;
using Hypervize.Contracts;
using Marten;

namespace Hypervize.Billing.Replay;

/// <summary>Recomputes bills from the stored events of endpoints, from nothing, and compares.</summary>
public sealed class BillReplay(EndpointStreams streams, IDocumentStore store)
{
    /// <summary>Recomputes one account's bill.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="from">Start.</param>
    /// <param name="to">End.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<ReplayReport> RunAsync(string accountId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        var (replayed, events) = await ReplayAsync(accountId, cancel);
        await using var session = store.QuerySession();
        var stored = await session.Query<Meter>().Where(m => m.AccountId == accountId).ToListAsync(cancel);

        var storedLines = Bill.Lines(stored, from, to);
        var replayedLines = Bill.Lines(replayed, from, to);
        var differences = storedLines.Except(replayedLines).Select(l => $"only billed: {Words(l)}")
            .Concat(replayedLines.Except(storedLines).Select(l => $"only replayed: {Words(l)}"));
        return new(accountId, from, to, events, storedLines.Sum(l => l.Amount), replayedLines.Sum(l => l.Amount), [.. differences]);
    }

    private async Task<(List<Meter> Meters, int Events)> ReplayAsync(string accountId, CancellationToken cancel)
    {
        var meters = new List<Meter>();
        var events = 0;
        foreach (var endpoint in await streams.OfAccountAsync(accountId, cancel))
        {
            var ledger = LedgerState.Empty;
            var after = 0L;
            while (await streams.AfterAsync(endpoint.Id, after, cancel) is { Count: > 0 } page)
            {
                foreach (var fact in page)
                {
                    var said = LedgerDecider.Record(ledger, fact.EndpointId, fact.Fact, fact.EventId).Events;
                    ledger = LedgerState.Fold.From(ledger, 0, said)!;
                    foreach (var e in said) Apply(meters, accountId, e);
                }
                events += page.Count;
                after = page[^1].Version;
            }
        }
        return (meters, events);
    }

    private static void Apply(List<Meter> meters, string accountId, LedgerEvent e)
    {
        switch (e)
        {
            case MeterOpened opened:
                meters.Add(Meter.Opened(Guid.NewGuid(), accountId, opened));
                break;
            case MeterClosed closed:
                var meter = meters.Single(m => m.NodeId == closed.NodeId && m.To is null);
                (meter.To, meter.ClosedBy) = (closed.At, closed.Source);
                break;
        }
    }

    private static string Words(Line line) =>
        $"{line.Subject} of {line.EndpointId}, {line.From:u} to {line.To:u}, {line.Seconds} s at {line.PricePerHour}/h = {line.Amount} USD";
}
