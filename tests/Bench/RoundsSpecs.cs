using Hypervize.Bench.Proxy;

namespace Hypervize.Bench.Tests;

/// <summary>When a contestant is warm, and in which order contestants are measured.</summary>
public sealed class RoundsSpecs
{
    [Fact]
    public void What_gets_cheaper_is_not_warm_yet() => Assert.False(Rounds.HasSettled([150, 120, 100, 60], least: 3));

    [Fact]
    public void What_stays_as_it_is_is_warm() => Assert.True(Rounds.HasSettled([150, 60, 51, 50.9, 51, 52], least: 3));

    [Fact]
    public void What_gains_a_few_percent_with_each_slice_is_not_warm_yet() => Assert.False(Rounds.HasSettled([150, 60, 24, 23.4, 22.9, 22.4], least: 3));

    [Fact]
    public void One_cheap_slice_may_be_chance() => Assert.False(Rounds.HasSettled([150, 100, 60, 101], least: 3));

    [Fact]
    public void What_compiles_itself_is_given_its_time() => Assert.False(Rounds.HasSettled([150, 150, 150, 150], least: 7));

    [Fact]
    public async Task Each_round_begins_with_another()
    {
        var order = new List<string>();
        var samples = await Rounds.RunAsync([new("a", 0, "", "", null), new("b", 0, "", "", null)], rounds: 2, contestant =>
        {
            order.Add(contestant.Name);
            return Task.FromResult(order.Count);
        }, _ => { });
        Assert.Equal(["a", "b", "b", "a"], order);
        Assert.Equal([1, 4], samples["a"]);
        Assert.Equal([2, 3], samples["b"]);
    }
}
