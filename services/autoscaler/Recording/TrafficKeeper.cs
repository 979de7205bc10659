using Hypervize.Autoscaler.Messaging;
using Hypervize.EventSourcing;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Recording;

/// <summary>
/// Keeps what is recorded, on one autoscaler at a time: all of them record the same. Each minute that is over is added up from its short intervals as they are kept, so
/// that it holds what an autoscaler before this one saw of it. Scaling does not need the database.
/// </summary>
/// <param name="recorder">What is recorded.</param>
/// <param name="store">Where it is kept.</param>
/// <param name="table">The endpoints.</param>
/// <param name="postgres">The database.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class TrafficKeeper(TrafficRecorder recorder, TrafficStore store, EndpointTable table, PostgresSettings postgres, TimeProvider time, ILogger<TrafficKeeper> log)
    : LogLeader(postgres.ConnectionString, "autoscaler traffic", time, log)
{
    private const int AtATime = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(TrafficPoint.LongSeconds);
    private static readonly TimeSpan Tidying = TimeSpan.FromHours(1);
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(2);
    // A moment that is a hair later, by a clock that is none the worse, is no gap.
    private static readonly TimeSpan NoGap = TimeSpan.FromMilliseconds(10);

    private Watched? _watched;
    private DateTimeOffset _addedUp;

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken lost)
    {
        await store.PrepareAsync(lost);
        _watched = await store.LastWatchedAsync(lost);
        var earliest = MinuteOf(Time.GetUtcNow() - TrafficStore.ShortKept);
        _addedUp = await store.LastLongAsync(earliest, lost) is { } last ? last + Minute : earliest;
        var tidied = DateTimeOffset.MinValue;
        while (!lost.IsCancellationRequested)
        {
            await SaveAsync(lost);
            // Hours at once after a pause, but not all of them in memory.
            while (await AddUpAsync(lost)) { }
            if (Time.GetUtcNow() - tidied >= Tidying)
            {
                tidied = Time.GetUtcNow();
                await store.ForgetAsync(tidied, lost);
            }
            await Task.Delay(Interval, Time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        using var patience = new CancellationTokenSource(PatienceAtTheEnd, Time);
        recorder.Stop(table.Endpoints);
        await SaveAsync(patience.Token);
    }

    private async Task SaveAsync(CancellationToken cancel)
    {
        var taken = recorder.Take();
        // A clock that went ahead and was set back: what was written since is not in the way.
        if (_watched?.To > Time.GetUtcNow() + Minute) _watched = null;
        if (_addedUp > Time.GetUtcNow() + Minute) _addedUp = MinuteOf(Time.GetUtcNow());
        try
        {
            // Up to then the one that led before has kept it.
            foreach (var interval in taken.Where(i => _watched is null || i.From >= _watched.Value.To - NoGap))
            {
                foreach (var some in interval.Points.Chunk(AtATime)) await store.SaveAsync(TrafficPoint.ShortSeconds, some, cancel);
                if (!interval.IsWatched) continue;
                var watched = _watched is { } before && interval.From - before.To <= NoGap ? before with { To = interval.To } : new Watched(interval.From, interval.To);
                await store.SaveAsync(watched, cancel);
                _watched = watched;
            }
        }
        catch (Exception)
        {
            recorder.GiveBack(taken);
            throw;
        }
    }

    // Some of what is over; whether there is more. What is kept later than a short interval and a half after a minute is not in it.
    private async Task<bool> AddUpAsync(CancellationToken cancel)
    {
        var until = MinuteOf(Time.GetUtcNow() - TimeSpan.FromSeconds(1.5 * TrafficPoint.ShortSeconds));
        if (_addedUp >= until) return false;
        var to = _addedUp + TimeSpan.FromMinutes(10) is var some && some < until ? some : until;
        var watched = await store.WatchedAsync(_addedUp, to, cancel);
        var minutes = from endpoint in await store.ReadAllAsync(_addedUp, to, cancel)
                      from minute in endpoint.GroupBy(p => MinuteOf(p.At))
                      select KeyValuePair.Create(endpoint.Key, TrafficPoint.Sum([.. minute], minute.Key, Known(minute, watched)));
        foreach (var chunk in minutes.Chunk(AtATime)) await store.SaveAsync(TrafficPoint.LongSeconds, chunk, cancel);
        _addedUp = to;
        return to < until;
    }

    // What was seen while a proxy was silent counts, too.
    private static double Known(IGrouping<DateTimeOffset, TrafficPoint> minute, IReadOnlyList<Watched> watched) =>
        Math.Clamp(watched.Sum(w => w.Within(minute.Key, minute.Key + Minute)), Math.Min(minute.Sum(p => p.Seconds), TrafficPoint.LongSeconds), TrafficPoint.LongSeconds);

    private static DateTimeOffset MinuteOf(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % Minute.Ticks, TimeSpan.Zero);
}
