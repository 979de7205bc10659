using System.Text;

namespace Hypervize.Catalog.Tests;

/// <summary>What hardware costs, and what a catalogue may not say.</summary>
public sealed class CatalogSpecs
{
    private static readonly DateTimeOffset November = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_shipped_catalogue_prices_a_node() => Assert.Equal(1.006m, HardwareCatalog.Load().PricePerHour("g5.xlarge", November));

    [Fact]
    public void The_local_tier_is_free() => Assert.Equal(0m, HardwareCatalog.Load().PricePerHour("local", November));

    [Fact]
    public void An_L4_has_the_memory_it_reports() => Assert.Equal(22_888, HardwareCatalog.Load().Find("g6.xlarge")!.GpuMemoryMib);

    [Fact]
    public void Telemetry_is_an_add_on() => Assert.Equal(0.15m, HardwareCatalog.Load().AddOnPricePerHour("telemetry", November));

    [Fact]
    public void Every_add_on_is_named_once_and_has_a_price()
    {
        var catalog = HardwareCatalog.Load();
        Assert.Contains("telemetry", catalog.AddOns);
        Assert.Equal(catalog.AddOns.Distinct(), catalog.AddOns);
        Assert.All(catalog.AddOns, id => Assert.True(catalog.AddOnPricePerHour(id, November) > 0));
    }

    [Fact]
    public void A_price_holds_from_its_day_on()
    {
        var catalog = Parse(Prices(("a", 1, "2026-01-01"), ("a", 2, "2026-06-01")));
        Assert.Equal([1m, 2m], [catalog.PricePerHour("a", November.AddMonths(-6)), catalog.PricePerHour("a", November)]);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var error = Assert.Throws<InvalidDataException>(() => Parse(Prices(("b", -1, "2026-01-01"), ("b", 1, "2026-01-01"))));
        Assert.Contains("hardware a has no price", error.Message);
        Assert.Contains("b, which is no hardware", error.Message);
        Assert.Contains("is negative", error.Message);
        Assert.Contains("two prices", error.Message);
    }

    [Fact]
    public void Hardware_stands_once() =>
        Assert.Contains("hardware a stands twice", Assert.Throws<InvalidDataException>(() => Parse(Catalog($"{A}, {A}", ("a", 1, "2026-01-01")))).Message);

    [Fact]
    public void A_price_left_out_is_no_price_of_nothing() =>
        Assert.Throws<InvalidDataException>(() => Parse(Prices(("a", 1, "2026-01-01")).Replace("\"perHour\": 1, ", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_text_that_is_no_catalogue_is_said_to_be_none(string text) => Assert.Throws<InvalidDataException>(() => Parse(text));

    [Fact]
    public void All_shipped_hardware_has_a_price_and_all_but_the_local_has_GPUs() =>
        Assert.All(HardwareCatalog.Load().All, h => Assert.Equal(h.Id != "local", h.GpuCount > 0 && HardwareCatalog.Load().PricePerHour(h.Id, November) > 0));

    [Fact]
    public void An_unknown_id_is_an_error() => Assert.Throws<ArgumentException>(() => HardwareCatalog.Load().PricePerHour("g99.xlarge", November));

    private static HardwareCatalog Parse(string json) => HardwareCatalog.Parse(new MemoryStream(Encoding.UTF8.GetBytes(json)));

    private static string Prices(params (string Of, int PerHour, string From)[] prices) => Catalog(A, prices);

    private static string Catalog(string hardware, params (string Of, int PerHour, string From)[] prices) => $$"""
        { "hardware": [{{hardware}}],
          "prices": [{{string.Join(',', prices.Select(p => $$"""{ "hardware": "{{p.Of}}", "perHour": {{p.PerHour}}, "from": "{{p.From}}" }"""))}}], "addOns": [] }
        """;

    private const string A = """{ "id": "a", "gpu": null, "computeCapability": null, "gpuCount": 1, "gpuMemoryMib": 1, "vcpu": 1, "memoryGib": 1, "architecture": null }""";
}
