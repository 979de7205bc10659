using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Hypervize.Hosting.Requests;
using Marten;

namespace Hypervize.Billing.Api;

/// <summary>Routes of the monthly cap, under <c>/v1/billing/cap</c>.</summary>
public static class CapRoutes
{
    private static readonly DecimalField MonthlyUsd = new("monthlyUsd", "US dollars per calendar month (UTC); null for no cap.", 0.01m, 1_000_000_000, Decimals: 2) { IsNullable = true };

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The service.</param>
    public static void MapCaps(this WebApplication app)
    {
        app.MapGet("/v1/billing/cap", GetAsync);
        app.MapPut("/v1/billing/cap", SetAsync);
    }

    private static async Task<IResult> GetAsync(HttpContext http, IQuerySession session, EventStreams<SpendState, SpendEvent> spending, TimeProvider time, string? account)
    {
        if (BillingRoutes.Payer(http, account, KeyScope.Manage) is var (accountId, refused) && refused is not null) return refused;
        var soFar = await MonthToDate.ReadAsync(session, accountId, time.GetUtcNow(), http.RequestAborted);
        var (state, _) = await spending.LoadAsync(SpendLife.Key(accountId), http.RequestAborted);
        return Shown(accountId, state, soFar);
    }

    private static async Task<IResult> SetAsync(HttpContext http, IQuerySession session, EventStreams<SpendState, SpendEvent> spending, TimeProvider time, string? account)
    {
        if (BillingRoutes.Payer(http, account, KeyScope.Global) is var (accountId, refused) && refused is not null) return refused;
        var (reader, unreadable) = await RequestReader.ReadAsync(http.Request, [MonthlyUsd], defaults: true);
        if (reader is null) return unreadable!;
        var cap = reader.Fraction(MonthlyUsd);
        if (!reader.Has(MonthlyUsd)) reader.Wrong(MonthlyUsd.Path, "must be given: US dollars a month, or null for no cap");
        if (reader.Refusal() is { } wrong) return wrong;

        var (by, now) = (Caller.From(http.User).Name, time.GetUtcNow());
        var soFar = await MonthToDate.ReadAsync(session, accountId, now, http.RequestAborted);
        var outcome = await spending.DecideAsync(SpendLife.Key(accountId), (state, _) => SpendDecider.Set(state, accountId, cap, soFar, by, now), http.RequestAborted);
        if (outcome.Version > 0) Wrote.Note(http.Response, SpendLife.Key(accountId), outcome.Version);
        return Shown(accountId, outcome.State, soFar);
    }

    private static IResult Shown(string accountId, SpendState? it, MonthToDate soFar) =>
        Results.Ok(new CapResource(accountId, "USD", it?.CapUsd, soFar.Month, soFar.SpentUsd, it?.Reached?.Month == soFar.Month));
}
