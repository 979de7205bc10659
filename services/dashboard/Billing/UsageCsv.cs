using System.Collections.Immutable;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Live;
using Hypervize.Dashboard.Platform;
using Hypervize.Dashboard.Sessions;
using Hypervize.Hosting;

namespace Hypervize.Dashboard.Billing;

/// <summary>Usage as a file: by endpoint and day, or every charge, with all decimals and in UTC.</summary>
public static class UsageCsv
{
    /// <summary>The route, below the dashboard's path.</summary>
    public const string Path = "billing/usage.csv";

    private const string ContentType = "text/csv; charset=utf-8; header=present";
    private const string ByDay = "day,endpoint_id,endpoint_name,node_seconds,amount_usd\r\n";
    private const string ByLine = "day,endpoint_id,endpoint_name,kind,subject,hardware,from,to,seconds,usd_per_hour,amount_usd,opened_by,closed_by\r\n";
    private const int MostDays = 10 * UsagePeriod.MostDays;
    private static readonly TimeSpan NamesWait = TimeSpan.FromSeconds(2);

    /// <summary>The address of a file, relative to the dashboard's.</summary>
    /// <param name="period">The days.</param>
    /// <param name="endpointId">Of which endpoint; null for all.</param>
    /// <param name="lines">Whether every charge, or sums by endpoint and day.</param>
    public static string Address(UsagePeriod period, string? endpointId, bool lines) =>
        $"{Path}?from={UsagePeriod.Text(period.From)}&to={UsagePeriod.Text(period.To)}{(lines ? "&lines=true" : "")}{(endpointId is null ? "" : $"&endpoint={Uri.EscapeDataString(endpointId)}")}";

    /// <summary>Maps the route.</summary>
    /// <param name="app">The service.</param>
    public static void MapUsageCsv(this WebApplication app) => app.MapGet($"/{Path}", SendAsync);

    private static async Task<IResult> SendAsync(
        HttpContext http, PlatformAccess platform, FleetFeeds feeds, TimeProvider time, string? from, string? to, string? endpoint, bool lines = false)
    {
        var (session, now, cancel) = (Session.From(http.User)!, time.GetUtcNow(), http.RequestAborted);
        var today = UsagePeriod.DayOf(now);
        var entry = from is null && to is null ? new(UsagePeriod.Of(PeriodName.ThisMonth, today, null), null, null) : UsagePeriod.Choose(from, to, today, MostDays);
        if (entry.Period is not { } period)
            return Problems.From(StatusCodes.Status422UnprocessableEntity, "invalid_period", "Give from and to as days (UTC) that have begun, such as 2026-11-01.", Wrong(entry));

        var (api, names) = (platform.For(session), await NamesAsync(feeds, session, time, cancel));
        var questions = new Queue<string>(UsageReading.Paths(period, endpoint, lines, now));
        Usage? next = null;
        try
        {
            // What is refused is refused before a file begins.
            if (questions.TryDequeue(out var first)) next = await api.GetAsync<Usage>(first, cancel);
        }
        catch (RefusedException e)
        {
            return Problems.From(e.Status ?? StatusCodes.Status503ServiceUnavailable, e.Code ?? "platform_unavailable", e.Status is null ? "The platform does not answer just now. Try again in some seconds." : e.Detail);
        }

        http.Response.Headers.CacheControl = "no-store";
        return Results.Stream(WriteAsync, ContentType, FileName(period, endpoint, lines));

        async Task WriteAsync(Stream body)
        {
            try
            {
                await using var writer = new StreamWriter(body, leaveOpen: true);
                await writer.WriteAsync(lines ? ByLine : ByDay);
                for (; next is not null; next = questions.TryDequeue(out var question) ? await api.GetAsync<Usage>(question, cancel) : null)
                    foreach (var row in lines ? LineRows(next, names) : DayRows(next, names)) await writer.WriteAsync(row.AsMemory(), cancel);
            }
            catch (Exception e) when (e is RefusedException or OperationCanceledException or IOException)
            {
                // A file that is not whole must not look as if it were.
                http.Abort();
            }
        }
    }

    // Of deleted endpoints only ids are known.
    private static async Task<ImmutableDictionary<string, EndpointResource>> NamesAsync(FleetFeeds feeds, Session session, TimeProvider time, CancellationToken cancel)
    {
        using var hold = feeds.Hold(session);
        await hold.Feed.First.WaitAsync(NamesWait, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return hold.Feed.View.Endpoints;
    }

    private static IEnumerable<string> DayRows(Usage usage, ImmutableDictionary<string, EndpointResource> names) =>
        from endpoint in usage.Endpoints.OrderBy(e => e.EndpointId, StringComparer.Ordinal)
        from day in endpoint.Days
        select Csv.Row(day.Day, endpoint.EndpointId, names.GetValueOrDefault(endpoint.EndpointId)?.Name, day.NodeSeconds, day.Total);

    private static IEnumerable<string> LineRows(Usage usage, ImmutableDictionary<string, EndpointResource> names) => (usage.Lines ?? []).Select(l => Csv.Row(
        l.Day, l.EndpointId, names.GetValueOrDefault(l.EndpointId)?.Name, l.Kind == LineKind.Node ? "node" : "add_on", l.Subject, l.Hardware, l.From, l.To, l.Seconds,
        l.PricePerHour, l.Amount, l.OpenedBy, l.ClosedBy));

    private static string FileName(UsagePeriod period, string? endpointId, bool lines)
    {
        var of = endpointId is null ? "" : $"-{string.Concat(endpointId.Where(c => char.IsAsciiLetterOrDigit(c) || c == '-'))}";
        return $"hypervize{of}-{(lines ? "charges" : "usage")}-{UsagePeriod.Text(period.From)}-to-{UsagePeriod.Text(period.To)}.csv";
    }

    private static Dictionary<string, string[]> Wrong(PeriodEntry entry) =>
        new[] { ("from", entry.FromWrong), ("to", entry.ToWrong) }.Where(w => w.Item2 is not null).ToDictionary(w => w.Item1, w => new[] { w.Item2! });
}
