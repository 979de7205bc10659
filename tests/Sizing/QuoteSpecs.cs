using CsCheck;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Quotes;

namespace Hypervize.Sizing.Tests;

/// <summary>What is chosen, what it costs, and what is refused.</summary>
public sealed class QuoteSpecs
{
    [Fact]
    public void The_cheapest_that_fits_with_headroom_is_chosen()
    {
        var quote = Quote(A.Model());
        Assert.Equal("g6.xlarge", quote.Chosen);
        Assert.Equal(0.8048m, quote.HourlyUsd);
    }

    [Fact]
    public void A_fallback_is_of_another_family_and_never_cheaper()
    {
        var quote = Quote(A.Model());
        Assert.Equal(quote.Ladder.Count, quote.Ladder.Select(h => h.Split('.')[0]).Distinct().Count());
        Assert.All(quote.Ladder, h => Assert.True(A.Catalog.PricePerHour(h, A.Moment) >= quote.NodeHourlyUsd));
    }

    [Fact]
    public void Add_ons_cost_once_an_endpoint_and_sleep_costs_nothing()
    {
        var quote = Quote(A.Model(), min: 0, max: 4, addOns: ["telemetry", "custom_domain"]);
        Assert.Equal((0.8048m + 0.25m, new DailyCost((0.8048m + 0.25m) * 24, ((4 * 0.8048m) + 0.25m) * 24, 0)), (quote.HourlyUsd, quote.DailyUsd));
    }

    [Fact]
    public void Every_hardware_says_whether_it_fits_and_why()
    {
        var quote = Quote(A.Model());
        Assert.Equal(A.Catalog.All.Select(h => h.Id), quote.Options.Select(o => o.Hardware));
        Assert.All(quote.Options, o => Assert.EndsWith(".", o.Why));
    }

    [Fact]
    public void A_machine_of_ones_own_is_taken_only_when_it_is_asked_for()
    {
        var catalog = A.Catalog.With(new("local", "big", 9.0m, 8, 200_000, 64, 512, null));
        var asked = Request() with { Hardware = "local" };
        Assert.NotEqual("local", Quoting.Of(A.Model(), Request(), catalog.All, catalog, A.Moment).Value!.Chosen);
        Assert.Equal("local", Quoting.Of(A.Model(), asked, catalog.All, catalog, A.Moment).Value!.Chosen);
    }

    [Fact]
    public void What_fits_nowhere_is_refused_with_what_would()
    {
        var refusal = Refused(A.Model(2_000_000_000_000_000));
        Assert.Equal(ModelProblem.TooLarge, refusal.Problem);
        Assert.Contains("quantised", refusal.Message);
        Assert.Contains("131,072 tokens", Refused(A.Model(), context: 200_000).Message);
    }

    [Fact]
    public void What_does_not_fit_on_what_was_asked_for_is_told_what_does()
    {
        var refusal = Quoting.Of(A.Model(), Request() with { Hardware = "g4dn.xlarge" }, A.Catalog.All, A.Catalog, A.Moment).Refusal!;
        Assert.Contains("g6.xlarge", refusal.Message);
    }

    [Fact]
    public void The_chosen_one_is_never_dearer_than_one_that_fits_with_as_much_headroom() => Gen.Select(A.AnyModel, A.AnyAsk).Sample((model, ask) =>
    {
        if (Quoting.Of(model, Request() with { Ask = ask }, A.Catalog.All, A.Catalog, A.Moment).Value is not { } quote) return true;
        var chosen = quote.Options.Single(o => o.Hardware == quote.Chosen);
        return chosen.Fits && quote.Options.Where(o => o.Fits && o.Hardware != "local" && o.Headroom >= Math.Max(chosen.Headroom, Choice.Headroom)).All(o => o.HourlyUsd >= chosen.HourlyUsd);
    });

    private static QuoteRequest Request(int? context = null, int min = 0, int max = 1, IReadOnlyList<string>? addOns = null) => new("org/model", new(context), null, min, max, addOns ?? []);

    private static Quote Quote(ModelAnalysis model, int min = 0, int max = 1, IReadOnlyList<string>? addOns = null) =>
        Quoting.Of(model, Request(null, min, max, addOns), A.Catalog.All, A.Catalog, A.Moment).Value!;

    private static ModelRefusal Refused(ModelAnalysis model, int? context = null) => Quoting.Of(model, Request(context), A.Catalog.All, A.Catalog, A.Moment).Refusal!;
}
