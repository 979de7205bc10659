using CsCheck;
using Hypervize.Catalog;
using Hypervize.Dashboard.Deploy;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Quotes;

namespace Hypervize.Dashboard.Tests;

/// <summary>The price moves as somebody types, and is what the API quotes.</summary>
public sealed class PriceSpecs
{
    private static readonly Gen<ModelAnalysis> Models =
        from billions in Gen.Double[0.1, 200]
        from layers in Gen.Int[1, 100]
        from heads in Gen.OneOf(1, 2, 4, 8)
        from estimate in Gen.Bool
        select Quoted.Model() with
        {
            WeightBytes = (long)(billions * 2e9), LoadedBytes = (long)(billions * 2e9), Layers = [new(layers, 512 * heads, heads, null)], Heads = heads * 4, KvHeads = heads, IsEstimate = estimate,
        };

    private static readonly Gen<(int Min, int Max)> Nodes = from max in Gen.Int[1, 64] from min in Gen.Int[0, max] select (min, max);

    [Fact]
    public void It_is_what_the_API_quotes_whatever_is_changed() => Gen.Select(Models, Nodes, Gen.Bool, Gen.Bool, Gen.Int[0, 60]).Sample((model, nodes, telemetry, wasOn, pick) =>
    {
        // The quote that the page has, and the one that it would be given for what is typed now.
        if (Of(model, null, (0, 1), wasOn) is not { } known) return true;
        var offers = Offers.Of(known.Options);
        var hardware = pick >= offers.Fitting.Count ? null : offers.Fitting[pick].Hardware;
        var quoted = Of(model, hardware, nodes, telemetry)!;
        var price = Price.Of(known, Quoted.List, hardware ?? offers.Recommended!.Hardware, telemetry, nodes.Min, nodes.Max)!;
        return quoted.Chosen == (hardware ?? offers.Recommended!.Hardware) && price.Hourly == quoted.HourlyUsd && price.NodeHourly == quoted.NodeHourlyUsd
            && price.DailyAtMin == quoted.DailyUsd.AtMin && price.DailyAtMax == quoted.DailyUsd.AtMax && (price.DailyAsleep ?? 0) == quoted.DailyUsd.Asleep;
    });

    [Theory]
    [InlineData(0, 1, false, "0.8048", "19.3152", "19.3152", "0")]
    [InlineData(0, 4, false, "0.8048", "19.3152", "77.2608", "0")]
    [InlineData(2, 4, true, "0.9548", "42.2304", "80.8608", null)]
    public void A_day_counts_nodes_and_an_add_on_once(int min, int max, bool telemetry, string hourly, string atMin, string atMax, string? asleep)
    {
        var price = Price.Of(Of(Quoted.Model(), null, (0, 1), false), Quoted.List, "g6.xlarge", telemetry, min, max)!;
        Assert.Equal((Usd(hourly), Usd(atMin), Usd(atMax), asleep is null ? null : (decimal?)Usd(asleep)), (price.Hourly, price.DailyAtMin, price.DailyAtMax, price.DailyAsleep));
    }

    [Fact]
    public void Before_a_model_is_known_the_catalogue_prices_what_was_chosen() => Assert.Equal(1.006m, Price.Of(null, Quoted.List, "g5.xlarge", false, 0, 1)!.Hourly);

    [Theory]
    [InlineData(null, 0, 1)]
    [InlineData("g5.xlarge", null, 1)]
    [InlineData("g5.xlarge", 0, null)]
    [InlineData("g5.xlarge", 2, 1)]
    [InlineData("g99.xlarge", 0, 1)]
    public void What_is_not_known_has_no_price(string? hardware, int? min, int? max) => Assert.Null(Price.Of(null, Quoted.List, hardware, false, min, max));

    [Fact]
    public void An_add_on_whose_price_is_not_known_is_not_free() => Assert.Null(Price.Of(Of(Quoted.Model(), null, (0, 1), false), null, "g6.xlarge", true, 0, 1));

    [Fact]
    public void What_fits_comes_first_and_the_recommended_of_it_before_all()
    {
        var quote = Of(Quoted.Model(), null, (0, 1), false)!;
        var offers = Offers.Of(quote.Options);
        Assert.Equal((quote.Chosen, quote.Chosen), (offers.Recommended!.Hardware, offers.Fitting[0].Hardware));
        Assert.Equal(quote.Options.Count, offers.Fitting.Count + offers.Others.Count);
        Assert.True(offers.Fitting.All(o => o.Fits) && offers.Others.All(o => !o.Fits));
        Assert.Contains(offers.Fitting[^1], offers.First(offers.Fitting[^1].Hardware));
    }

    [Fact]
    public void A_machine_of_one_s_own_is_offered_last_and_never_recommended()
    {
        var gguf = Quoted.Model() with { Format = WeightFormat.Gguf };
        var offers = Offers.Of(Of(gguf, null, (0, 1), false)!.Options);
        Assert.Equal((HardwareCatalog.Local, false), (offers.Fitting[^1].Hardware, offers.Recommended!.Hardware == HardwareCatalog.Local));
    }

    private static Quote? Of(ModelAnalysis model, string? hardware, (int Min, int Max) nodes, bool telemetry) =>
        Quoted.Of(model, new(model.Model, new(), hardware, nodes.Min, nodes.Max, telemetry ? ["telemetry"] : [])).Value;

    private static decimal Usd(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
