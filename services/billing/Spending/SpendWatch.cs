using System.ComponentModel.DataAnnotations;
using Hypervize.Billing.Ledger;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;

namespace Hypervize.Billing.Spending;

/// <summary>How spending is watched.</summary>
public sealed class SpendingSettings
{
    /// <summary>Seconds between two looks: how late a cap may be found reached.</summary>
    [Range(0.1, 3600)] public double LookEverySeconds { get; set; } = 5;
}

/// <summary>
/// Holds the spending of accounts with a cap against it. Every replica does: what one has said already, another does not say again.
/// </summary>
/// <param name="store">The service's store.</param>
/// <param name="spending">Streams of spending.</param>
/// <param name="settings">How often.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class SpendWatch(
    IDocumentStore store, EventStreams<SpendState, SpendEvent> spending, SpendingSettings settings, TimeProvider time, ILogger<SpendWatch> log) : BackgroundService
{
    // By account: what a look rested on, and before when another would find the same.
    private Dictionary<string, (Basis On, DateTimeOffset SameUntil)> _looks = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? failure = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
                failure = null;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (e.Message != failure) log.LogWarning("Spending could not be held against caps, trying again: {Reason}", e.Message);
                failure = e.Message;
            }
            await Task.Delay(TimeSpan.FromSeconds(settings.LookEverySeconds), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks once. Meters are read of those accounts only whose cap may have been reached since the last look.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task LookAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var month = MonthToDate.MonthOf(now);
        await using var session = store.QuerySession();
        var capped = await session.Query<Snapshot<SpendState>>().Where(s => s.State.CapUsd != null).ToListAsync(cancel);
        var ledgers = await LedgersAsync(session, [.. capped.Select(s => LedgerState.Key(s.State.AccountId))], cancel);

        var looks = new Dictionary<string, (Basis, DateTimeOffset)>();
        foreach (var it in capped)
        {
            if (it.State.Reached?.Month == month) continue; // Until the month ends, or its owner sets another.
            var basis = new Basis(month, it.Version, ledgers.GetValueOrDefault(LedgerState.Key(it.State.AccountId)));
            if (!_looks.TryGetValue(it.Id, out var before) || before.On != basis || before.SameUntil <= now)
                before = (basis, await LookAtAsync(session, it, now, cancel));
            looks[it.Id] = before;
        }
        _looks = looks;
    }

    private async Task<DateTimeOffset> LookAtAsync(IQuerySession session, Snapshot<SpendState> it, DateTimeOffset now, CancellationToken cancel)
    {
        var soFar = await MonthToDate.ReadAsync(session, it.State.AccountId, now, cancel);
        if (SpendDecider.Watch(it.State, soFar, now).Events.Count > 0)
            await spending.DecideAsync(it.Id, (state, _) => SpendDecider.Watch(state, soFar, now), cancel);
        return soFar.Earliest(it.State.CapUsd!.Value, now);
    }

    private static async Task<Dictionary<string, long>> LedgersAsync(IQuerySession session, string[] keys, CancellationToken cancel)
    {
        var ledgers = await session.Query<Snapshot<LedgerState>>().Where(l => l.Id.IsOneOf(keys)).Select(l => new StreamVersion(l.Id, l.Version)).ToListAsync(cancel);
        return ledgers.ToDictionary(l => l.Id, l => l.Version);
    }

    private sealed record Basis(string Month, long SpendVersion, long LedgerVersion);
}
