using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Recording;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Autoscaler.Api;

/// <summary>Simulates an endpoint on what was recorded of it.</summary>
/// <param name="table">The endpoints.</param>
/// <param name="recorded">Their traffic.</param>
/// <param name="store">When it was watched.</param>
/// <param name="settings">How the policy is tuned.</param>
/// <param name="catalog">Prices.</param>
/// <param name="time">Time.</param>
public sealed class Rehearsals(EndpointTable table, RecordedTraffic recorded, TrafficStore store, AutoscalerSettings settings, HardwareCatalog catalog, TimeProvider time)
{
    // What is taken for the start of a node where none was measured: one of 7 to 8 billion parameters takes about a minute.
    private const int UsualStartSeconds = 60;
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    /// <summary>Simulates, and answers.</summary>
    /// <param name="http">The request.</param>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="from">When the traffic begins; null for a day before its end.</param>
    /// <param name="to">When it ends; null for now.</param>
    /// <param name="set">What is tried beside what is set.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, string endpointId, string? from, string? to, IReadOnlyList<(Setting It, double Value)> set)
    {
        if (OwnedEndpoint.Find(http, table, endpointId) is var (it, refused) && it is null) return refused!;
        if (Period.Read(from, to, Usual, time.GetUtcNow()) is var (asked, wrong) && wrong is not null) return wrong;
        return await recorded.AnswerAsync(() => RehearseAsync(it, asked, set, http.RequestAborted), http.RequestAborted);
    }

    private async Task<IResult> RehearseAsync(EndpointState it, Period asked, IReadOnlyList<(Setting It, double Value)> set, CancellationToken cancel)
    {
        var (points, period) = await WatchedAsync(it, asked, cancel);
        if (period is not var (begin, end))
            return Problems.From(StatusCodes.Status409Conflict, it.Settings.Telemetry ? "nothing_recorded" : "telemetry_off", it.Settings.Telemetry
                ? "Too little of that time is recorded, since it was first up: some twenty seconds are needed. Come back later, or ask for another time."
                : $"Its traffic is not recorded: its telemetry is off. Switch it on (PATCH /v1/endpoints/{it.Id} with {{\"telemetry\": true}}) and come back when there was some.");
        var current = Setup(it, points);
        if (Setting.Set(current, [.. set]) is var (tried, error) && tried is null) return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_request", error!);
        (string, Setup)? other = set.Count == 0 ? null : (string.Join(' ', set.Select(s => FormattableString.Invariant($"{s.It.Name}={s.Value:0.###}"))), Begun(tried));
        return Results.Ok(await Task.Run(() => Rehearsal.Of(RecordedTraffic.ToTraffic(points, begin, end), PricesOf(it, begin), current, other), cancel));
    }

    // Only from when it was recorded on, to until when; and not of the time in which it was built, when nobody could call it.
    private async Task<(IReadOnlyList<TrafficPoint> Points, Period? Period)> WatchedAsync(EndpointState it, Period asked, CancellationToken cancel)
    {
        var all = await recorded.PointsAsync(it.Id, asked.From, asked.To, finely: true, cancel);
        var built = it.CreatedAt < asked.From ? 0 : all.TakeWhile(p => p.Ready == 0).Count() + 1;
        TrafficPoint[] points = [.. all.Skip(built)];
        if (points.Length == 0) return (points, null);
        var watched = await store.WatchedAsync(asked.From, asked.To, cancel);
        var begin = points[0].At > asked.From ? points[0].At : asked.From;
        // While its telemetry is on, an endpoint has a point in every minute that is watched.
        var end = ((DateTimeOffset[])[watched.Select(w => w.To).DefaultIfEmpty(points[^1].At.AddSeconds(points[^1].Seconds)).Max(), points[^1].At.AddSeconds(TrafficPoint.LongSeconds), asked.To]).Min();
        return (points, begin < end ? new(begin, end) : null);
    }

    private Setup Setup(EndpointState it, IReadOnlyList<TrafficPoint> points)
    {
        var starts = (it.RecentStartsMs ?? it.RecentWakesMs).Order().ToList();
        var start = starts.Count == 0 ? UsualStartSeconds : Math.Max(1, (int)Math.Round(starts[starts.Count / 2] / 1000.0));
        return Begun(new(it.Settings.Scaling, settings.Tuning.With(it.Settings.Scaling.Tuning), start, it.Settings.HoldSeconds) { BeginsWith = (int)Math.Round(points[0].Ready) });
    }

    // With the nodes that it had, as far as it may have them.
    private static Setup Begun(Setup setup) => setup with { BeginsWith = Math.Clamp(setup.BeginsWith ?? 0, setup.Scaling.Min, setup.Scaling.Max) };

    private Prices PricesOf(EndpointState it, DateTimeOffset at) => new(
        it.Plan?.PricePerHour ?? catalog.PricePerHour(it.Settings.Hardware, at),
        it.Settings.Telemetry ? it.Plan?.TelemetryPerHour ?? catalog.AddOnPricePerHour("telemetry", at) : 0);
}
