using Hypervize.Contracts;
using Hypervize.EventSourcing;
using static Hypervize.EventSourcing.Decision<Hypervize.Contracts.SpendEvent>;
using Decision = Hypervize.EventSourcing.Decision<Hypervize.Contracts.SpendEvent>;

namespace Hypervize.Billing.Spending;

/// <summary>How the facts of an account's spending add up to its state.</summary>
public static class SpendLife
{
    /// <summary>The fold.</summary>
    public static Fold<SpendState, SpendEvent> Fold { get; } = new(Revision: 1, (before, e, _) => e switch
    {
        SpendCapSet set => new(set.AccountId, set.MonthlyUsd, before?.Reached),
        SpendCapReached reached => before! with { Reached = new(reached.Month, reached.CapUsd, reached.SpentUsd) },
        SpendCapLifted => before! with { Reached = null },
        _ => throw new InvalidOperationException($"A stream of spending holds no {e.GetType().Name}."),
    });

    /// <summary>Stream key of an account's spending.</summary>
    /// <param name="accountId">The account.</param>
    public static string Key(string accountId) => $"spend-{accountId}";
}

/// <summary>What a cap means for what was spent. Pure: asked twice, it says nothing the second time.</summary>
public static class SpendDecider
{
    /// <summary>Sets the cap; one that is below what was spent is reached at once, and one above it lifts what was reached.</summary>
    /// <param name="it">The account's spending; null when it never had a cap.</param>
    /// <param name="accountId">The account.</param>
    /// <param name="monthlyUsd">US dollars per calendar month; null for no cap.</param>
    /// <param name="soFar">What was spent this month.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="now">Now.</param>
    public static Decision Set(SpendState? it, string accountId, decimal? monthlyUsd, MonthToDate soFar, string by, DateTimeOffset now)
    {
        IReadOnlyList<SpendEvent> set = it?.CapUsd == monthlyUsd ? [] : [new SpendCapSet(accountId, monthlyUsd, by, now)];
        return Say([.. set, .. Follow(it?.Reached, monthlyUsd, soFar, now)]);
    }

    /// <summary>Holds what was spent against the cap.</summary>
    /// <param name="it">The account's spending; null when it never had a cap.</param>
    /// <param name="soFar">What was spent this month.</param>
    /// <param name="now">Now.</param>
    public static Decision Watch(SpendState? it, MonthToDate soFar, DateTimeOffset now) => it is null ? Nothing : Say([.. Follow(it.Reached, it.CapUsd, soFar, now)]);

    private static IEnumerable<SpendEvent> Follow(ReachedCap? reached, decimal? cap, MonthToDate soFar, DateTimeOffset now)
    {
        // Only a later month is a new one: another replica's clock may be ahead of this one's.
        if (reached is not null && string.CompareOrdinal(soFar.Month, reached.Month) > 0)
        {
            yield return new SpendCapLifted($"a new month began: {soFar.Month}", now);
            reached = null;
        }

        // A lost node is billed to its last healthy probe, so a sum may shrink: what was reached stays so until its cap is raised.
        var isReached = soFar.SpentUsd >= cap || cap <= reached?.CapUsd;
        if (isReached && reached?.CapUsd != cap) yield return new SpendCapReached(soFar.Month, cap!.Value, soFar.SpentUsd, now);
        if (!isReached && reached is not null) yield return new SpendCapLifted(cap is null ? "the cap was removed" : $"the cap was raised to {cap} USD", now);
    }
}
