using Hypervize.Billing.Invoices;
using Hypervize.Billing.Ledger;
using Hypervize.Billing.Replay;
using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;

namespace Hypervize.Billing.Api;

/// <summary>Routes under <c>/v1/billing</c>.</summary>
public static class BillingRoutes
{
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(366);

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The service.</param>
    public static void MapBilling(this WebApplication app)
    {
        var billing = app.MapGroup("/v1/billing");
        billing.MapGet("/usage", UsageAsync);
        billing.MapGet("/burn", BurnAsync);
        billing.MapPost("/replay", ReplayAsync);
    }

    private static async Task<IResult> UsageAsync(
        HttpContext http, IQuerySession session, TimeProvider time, string? account, string? endpoint, string? from, string? to, bool lines = false)
    {
        if (Payer(http, account, KeyScope.Manage) is var (accountId, refused) && refused is not null) return refused;
        if (Period(time.GetUtcNow(), from, to) is var (start, end, wrong) && wrong is not null) return Problems.From(wrong);

        var meters = await session.Query<Meter>()
            .Where(m => m.AccountId == accountId && m.From < end && (m.To == null || m.To > start) && (endpoint == null || m.EndpointId == endpoint))
            .ToListAsync(http.RequestAborted);
        var charges = Bill.Lines(meters, start, end);
        return Results.Ok(new Usage(
            accountId, "USD", start, end, charges.Sum(l => l.Amount), Bill.BurnPerHour([.. meters.Where(m => m.To is null)]),
            [.. charges.GroupBy(l => l.EndpointId).Select(OfEndpoint)], lines ? charges : null));
    }

    private static async Task<IResult> BurnAsync(HttpContext http, IQuerySession session, string? account)
    {
        if (Payer(http, account, KeyScope.Manage) is var (accountId, refused) && refused is not null) return refused;
        var running = await session.Query<Meter>().Where(m => m.AccountId == accountId && m.To == null).ToListAsync(http.RequestAborted);
        return Results.Ok(new BurnResource(
            accountId, "USD", Bill.BurnPerHour(running), [.. running.GroupBy(m => m.EndpointId).Select(g => new EndpointBurn(g.Key, g.Count(), Bill.BurnPerHour([.. g])))]));
    }

    private static async Task<IResult> ReplayAsync(HttpContext http, BillReplay replay, TimeProvider time, string? account, string? from, string? to)
    {
        if (Payer(http, account, KeyScope.Manage) is var (accountId, refused) && refused is not null) return refused;
        if (Period(time.GetUtcNow(), from, to) is var (start, end, wrong) && wrong is not null) return Problems.From(wrong);
        return Results.Ok(await replay.RunAsync(accountId, start, end, http.RequestAborted));
    }

    private static EndpointUsage OfEndpoint(IGrouping<string, Line> lines) => new(
        lines.Key, NodeSeconds(lines), lines.Sum(l => l.Amount),
        [.. lines.GroupBy(l => l.Day).OrderBy(d => d.Key).Select(d => new DayUsage(d.Key, NodeSeconds(d), d.Sum(l => l.Amount)))]);

    private static long NodeSeconds(IEnumerable<Line> lines) => lines.Where(l => l.Kind == LineKind.Node).Sum(l => l.Seconds);

    internal static (string AccountId, IResult? Refused) Payer(HttpContext http, string? account, KeyScope scope)
    {
        var caller = Caller.From(http.User);
        if (!caller.May(scope))
            return ("", Problems.From(StatusCodes.Status403Forbidden, "scope_missing", $"This needs a key with scope {(scope == KeyScope.Manage ? "manage or global" : "global")}."));
        if (account is null || account == caller.AccountId) return (caller.AccountId ?? "", null);
        return caller.IsOperator
            ? (account, null)
            : ("", Problems.From(StatusCodes.Status404NotFound, "account_not_found", $"There is no account {account} that this key can see."));
    }

    // The month so far is what people ask for when they do not say.
    private static (DateTimeOffset From, DateTimeOffset To, Refusal? Wrong) Period(DateTimeOffset now, string? from, string? to)
    {
        var start = from is null ? MonthToDate.StartOf(now) : Time(from);
        var end = to is null ? now : Time(to);
        if (start is null || end is null)
            return (default, default, new(RefusalKind.Invalid, "invalid_period", "Give from and to as ISO 8601 times, such as 2026-11-01T00:00:00Z."));
        if (start >= end) return (default, default, new(RefusalKind.Invalid, "invalid_period", "from must lie before to."));
        if (end - start > LongestPeriod) return (default, default, new(RefusalKind.Invalid, "invalid_period", "A period is at most 366 days long."));
        return (start.Value, end.Value, null);
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : null;
}
