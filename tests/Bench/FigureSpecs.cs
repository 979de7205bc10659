namespace Hypervize.Bench.Tests;

/// <summary>How samples become figures.</summary>
public sealed class FigureSpecs
{
    [Theory]
    [InlineData(0.5, 3), InlineData(0.99, 5), InlineData(0.2, 1), InlineData(1, 5)]
    public void A_quantile_is_the_sample_of_the_nearest_rank(double share, double expected) => Assert.Equal(expected, Figure.Quantile([5, 1, 4, 2, 3], share));

    [Fact]
    public void A_key_with_a_dot_is_inside_an_object() => Assert.Equal(
        """{"commitToConsumerMs":{"p50":3.251,"p99":7},"readyMs":100}""",
        Figure.Json([Of("commitToConsumerMs.p50", 3.2511), Of("commitToConsumerMs.p99", 7), Of("readyMs", 100)]).ToJsonString());

    [Fact]
    public void What_is_for_people_only_stands_in_no_json() => Assert.Equal("{}", Figure.Json([Of("readyMs", 1) with { ForPeople = true }]).ToJsonString());

    [Fact]
    public void A_bar_holds_up_to_itself()
    {
        Assert.True(Of("readyMs", 10).Held);
        Assert.False(Of("readyMs", 10.01).Held);
    }

    [Fact]
    public void A_least_bar_holds_down_to_itself()
    {
        Assert.True((Of("rps", 10) with { AtLeast = true }).Held);
        Assert.False((Of("rps", 9.99) with { AtLeast = true }).Held);
    }

    [Fact]
    public void What_has_no_bar_holds_always() => Assert.True(new Figure("rps", "", 1e9, null, "").Held);

    [Fact]
    public void A_spread_is_the_median_between_its_quartiles() => Assert.Equal(new(4, 2, 6), Spread.Of([7, 1, 6, 2, 5, 3, 4, 8]));

    [Fact]
    public void Pairs_are_compared_within_their_round() =>
        // Twice as slow a machine in the second round changes nothing.
        Assert.Equal(new(0.5, 0.5, 0.5), Spread.OfPairs([10, 20, 10], [20, 40, 20], (ours, theirs) => ours / theirs));

    private static Figure Of(string key, double value) => new(key, "ms", value, Bar: 10, "");
}
