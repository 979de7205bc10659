using CsCheck;
using Hypervize.Billing.Spending;
using Hypervize.Contracts;

namespace Hypervize.Billing.Tests;

/// <summary>What a cap means for what was spent.</summary>
public sealed class SpendSpecs
{
    private const string Account = "acct-0123456789ab";
    private const string Owner = "hvz_live_ownr";
    private static readonly DateTimeOffset Noon = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly ReachedCap Reached100 = new("2026-11", 100, 100.5m);

    [Fact]
    public void A_cap_is_set() => Given().Set(100, spent: 40).Then(new SpendCapSet(Account, 100, Owner, Noon));

    [Fact]
    public void A_cap_below_what_is_spent_is_reached_at_once() =>
        Given().Set(100, spent: 120).Then(new SpendCapSet(Account, 100, Owner, Noon), new SpendCapReached("2026-11", 100, 120, Noon));

    [Fact]
    public void A_cap_that_was_never_set_need_not_be_removed() => Given().Set(null, spent: 40).Then();

    [Fact]
    public void The_same_cap_again_is_no_change()
    {
        Given(Cap(100)).Set(100.00m, spent: 40).Then();
        Given(Cap(100), Reached()).Set(100, spent: 120).Then();
        Given(Cap(100), Cap(null)).Set(null, spent: 40).Then();
    }

    [Fact]
    public void Spending_below_the_cap_is_nothing_to_tell() => Given(Cap(100)).Watch(99.999999m).Then();

    [Fact]
    public void Spending_that_comes_to_the_cap_reaches_it()
    {
        var after = Given(Cap(100)).Watch(100).Then(new SpendCapReached("2026-11", 100, 100, Noon));
        Assert.Equal(new SpendState(Account, 100, new("2026-11", 100, 100)), after);
    }

    [Fact]
    public void A_cap_is_reached_once() => Given(Cap(100), Reached()).Watch(150).Then();

    [Fact]
    public void A_sum_that_shrinks_lifts_nothing() => Given(Cap(100), Reached()).Watch(99.9m).Then();

    [Fact]
    public void Without_a_cap_nothing_is_reached()
    {
        Given().Watch(1_000_000).Then();
        Given(Cap(100), Cap(null)).Watch(1_000_000).Then();
    }

    [Fact]
    public void A_new_month_lifts_what_was_reached() =>
        Assert.Null(Given(Cap(100), Reached()).Watch(0, "2026-12").Then(new SpendCapLifted("a new month began: 2026-12", Noon)).Reached);

    [Fact]
    public void A_new_year_is_a_new_month() => Given(Cap(100), Reached()).Watch(0, "2027-01").Then(new SpendCapLifted("a new month began: 2027-01", Noon));

    [Fact]
    public void A_new_month_may_reach_it_again_at_once() => Given(Cap(100), Reached()).Watch(100, "2026-12").Then(
        new SpendCapLifted("a new month began: 2026-12", Noon), new SpendCapReached("2026-12", 100, 100, Noon));

    [Fact]
    public void A_replica_whose_clock_is_behind_lifts_nothing() => Given(Cap(100), Reached() with { Month = "2026-12" }).Watch(500, "2026-11").Then();

    [Fact]
    public void A_cap_raised_above_what_is_spent_is_lifted() =>
        Given(Cap(100), Reached()).Set(250.5m, spent: 120).Then(new SpendCapSet(Account, 250.5m, Owner, Noon), new SpendCapLifted("the cap was raised to 250.5 USD", Noon));

    [Fact]
    public void A_cap_raised_to_less_than_is_spent_is_reached_as_the_new_one() =>
        Given(Cap(100), Reached()).Set(110, spent: 120).Then(new SpendCapSet(Account, 110, Owner, Noon), new SpendCapReached("2026-11", 110, 120, Noon));

    [Fact]
    public void A_cap_lowered_stays_reached_though_the_sum_shrank() =>
        Given(Cap(100), Reached()).Set(99.95m, spent: 99.9m).Then(new SpendCapSet(Account, 99.95m, Owner, Noon), new SpendCapReached("2026-11", 99.95m, 99.9m, Noon));

    [Fact]
    public void A_cap_that_is_removed_is_lifted()
    {
        var after = Given(Cap(100), Reached()).Set(null, spent: 120).Then(new SpendCapSet(Account, null, Owner, Noon), new SpendCapLifted("the cap was removed", Noon));
        Assert.Equal(new SpendState(Account, null, null), after);
    }

    /// <summary>Caps come and go, months pass and spending grows, whatever the order.</summary>
    [Fact]
    public void Whatever_happened_a_decision_repeated_says_nothing_and_all_survives_the_store() => Steps.Array[0, 30].Sample(steps =>
    {
        var (month, spent, it) = (1, 0m, Given());
        foreach (var (newMonth, more, looks, cap) in steps)
        {
            (month, spent) = newMonth ? (month + 1, more) : (month, spent + more);
            Said Decide() => looks ? it.Watch(spent, $"2026-{month:00}") : it.Set(cap, spent, $"2026-{month:00}");
            var said = Decide();
            foreach (var e in said.Events) Assert.Equal(e, StoredForm.RoundTrip(e));
            it = said.After;
            Assert.Empty(Decide().Events);

            if (it.State is not { } state) continue;
            Assert.Equal(state, StoredForm.RoundTrip(state));
            Assert.Equal(spent >= state.CapUsd, state.Reached is not null);
            if (state.Reached is { } reached) Assert.Equal(($"2026-{month:00}", state.CapUsd), (reached.Month, reached.CapUsd));
        }
    });

    private static readonly Gen<(bool NewMonth, decimal More, bool Looks, decimal? Cap)> Steps = Gen.Select(
        Gen.Int[0, 9].Select(n => n == 0), Gen.Int[0, 300].Select(cents => cents / 100m), Gen.Bool, Gen.Int[0, 8].Select(n => n == 0 ? (decimal?)null : n));

    private static SpendCapSet Cap(decimal? usd) => new(Account, usd, Owner, Noon.AddDays(-1));

    private static SpendCapReached Reached() => new(Reached100.Month, Reached100.CapUsd, Reached100.SpentUsd, Noon.AddHours(-1));

    private static History Given(params IReadOnlyList<SpendEvent> past) => new(SpendLife.Fold.From(null, 0, past));

    private sealed record History(SpendState? State)
    {
        public Said Set(decimal? cap, decimal spent, string month = "2026-11") => new(this, SpendDecider.Set(State, Account, cap, new(month, spent, 0), Owner, Noon).Events);

        public Said Watch(decimal spent, string month = "2026-11") => new(this, SpendDecider.Watch(State, new(month, spent, 0), Noon).Events);
    }

    private sealed record Said(History Before, IReadOnlyList<SpendEvent> Events)
    {
        public History After => new(SpendLife.Fold.From(Before.State, 0, Events));

        public SpendState Then(params IReadOnlyList<SpendEvent> events)
        {
            Assert.Equal(events, Events);
            return After.State!;
        }
    }
}
