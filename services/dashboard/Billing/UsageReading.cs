using Hypervize.Client;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Billing;

/// <summary>Asks the platform what days cost, however many they are.</summary>
public static class UsageReading
{
    /// <summary>Reads usage.</summary>
    /// <param name="api">The platform.</param>
    /// <param name="period">The days.</param>
    /// <param name="endpointId">Of which endpoint; null for all.</param>
    /// <param name="lines">Whether every charge is read, too.</param>
    /// <param name="now">Now; what runs is read here.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<Usage> ReadAsync(PlatformApi api, UsagePeriod period, string? endpointId, bool lines, DateTimeOffset now, CancellationToken cancel)
    {
        var whole = new Usage("", "USD", now, now, 0, 0, [], lines ? [] : null);
        foreach (var path in Paths(period, endpointId, lines, now))
            whole = Joined(whole, await api.GetAsync<Usage>(path, cancel));
        return whole;
    }

    /// <summary>What is asked to read usage, one question for at most 366 days.</summary>
    /// <param name="period">The days.</param>
    /// <param name="endpointId">Of which endpoint; null for all.</param>
    /// <param name="lines">Whether every charge is read, too.</param>
    /// <param name="now">Now.</param>
    public static IEnumerable<string> Paths(UsagePeriod period, string? endpointId, bool lines, DateTimeOffset now) =>
        period.Questions(now).Select(q => $"v1/billing/usage?{q}{(endpointId is null ? "" : $"&endpoint={Uri.EscapeDataString(endpointId)}")}{(lines ? "&lines=true" : "")}");

    /// <summary>Has the account's bill recomputed from its endpoints' events.</summary>
    /// <param name="api">The platform.</param>
    /// <param name="period">The days.</param>
    /// <param name="now">Now; what runs is read here.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<ReplayReport> ReplayAsync(PlatformApi api, UsagePeriod period, DateTimeOffset now, CancellationToken cancel)
    {
        var whole = new ReplayReport("", now, now, 0, 0, 0, []);
        foreach (var question in period.Questions(now))
        {
            var piece = await api.CallAsync<ReplayReport>(HttpMethod.Post, $"v1/billing/replay?{question}", null, cancel);
            // Every piece is recomputed from all events there are.
            whole = new(piece.AccountId, whole.From < piece.From ? whole.From : piece.From, piece.To, Math.Max(whole.Events, piece.Events), whole.Billed + piece.Billed,
                whole.Replayed + piece.Replayed, [.. whole.Differences, .. piece.Differences]);
        }
        return whole;
    }

    // Pieces meet at midnight, where the platform cuts what it charges anyway.
    private static Usage Joined(Usage before, Usage next) => new(
        next.AccountId, next.Currency, before.From < next.From ? before.From : next.From, next.To, before.Total + next.Total, next.BurnPerHour,
        [.. before.Endpoints.Concat(next.Endpoints).GroupBy(e => e.EndpointId).Select(g => new EndpointUsage(g.Key, g.Sum(e => e.NodeSeconds), g.Sum(e => e.Total), [.. g.SelectMany(e => e.Days)]))],
        before.Lines is null ? null : [.. before.Lines, .. next.Lines ?? []]);
}
