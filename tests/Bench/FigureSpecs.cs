namespace Hypervize.Bench.Tests;

/// <summary>How samples become figures.</summary>
public sealed class FigureSpecs
{
    [Theory]
    [InlineData(0.5, 3), InlineData(0.99, 5), InlineData(0.2, 1), InlineData(1, 5)]
    public void A_quantile_is_the_sample_of_the_nearest_rank(double share, double expected) => Assert.Equal(expected, Figure.Quantile([5, 1, 4, 2, 3], share));

    [Fact]
    public void A_key_with_a_dot_is_inside_an_object() => Assert.Equal(
        """{"commitToConsumerMs":{"p50":3.25,"p99":7},"readyMs":100}""",
        Figure.Json([Of("commitToConsumerMs.p50", 3.251), Of("commitToConsumerMs.p99", 7), Of("readyMs", 100)]).ToJsonString());

    [Fact]
    public void A_bar_holds_up_to_itself()
    {
        Assert.True(Of("readyMs", 10).Held);
        Assert.False(Of("readyMs", 10.01).Held);
    }

    private static Figure Of(string key, double value) => new(key, "ms", value, Bar: 10, "");
}
