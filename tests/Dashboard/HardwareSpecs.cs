using Bunit;
using Hypervize.Catalog;
using Hypervize.Dashboard.Hardware;

namespace Hypervize.Dashboard.Tests;

/// <summary>What nodes can run on, and what that costs.</summary>
public sealed class HardwareSpecs : PageContext
{
    public HardwareSpecs()
    {
        DefaultWaitTimeout = TimeSpan.FromSeconds(30);
        Platform.Answer("GET v1/hardware", Quoted.List);
    }

    [Fact]
    public void Every_hardware_is_listed_with_its_price_by_hour_day_and_month()
    {
        var page = Open();
        Assert.Equal(Quoted.List.Hardware.Count, page.FindAll("tbody tr").Count);
        var row = page.FindAll("tbody tr").Single(r => r.QuerySelector("th")!.TextContent.Trim() == "g5.12xlarge");
        Assert.Equal(["4 × A10G", "89.4 GiB(4 × 22.4 GiB)", "48", "192 GiB", "$5.672", "$136.128", "$4,140.56"], row.QuerySelectorAll("td").Take(7).Select(d => d.TextContent));
        Assert.Equal("inference/new?hardware=g5.12xlarge", row.QuerySelector("a")!.GetAttribute("href"));
        Assert.Equal(["Logs and telemetry", "Custom domain"], page.FindAll(".figure > span").Select(s => s.TextContent));
        Assert.Contains("$0.15", page.Find(".figure strong").TextContent);
    }

    [Fact]
    public async Task Only_what_has_the_memory_that_is_needed_is_shown_while_it_is_typed()
    {
        var page = Open();
        await page.InvokeAsync(() => page.Find("#memory").Input("1000"));
        Assert.Equal(["p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge"], Ids(page));
        await page.InvokeAsync(() => page.Find("#memory").Change("1000"));
        Assert.EndsWith("hardware?memory=1000", Navigation.Uri);
    }

    [Fact]
    public async Task What_is_no_number_is_said_to_be_none_and_hides_nothing()
    {
        var page = Open();
        await page.InvokeAsync(() => page.Find("#memory").Input("much"));
        Assert.Equal("Must be a number of GiB, such as 24.", page.Find("#memory-help").TextContent);
        Assert.Equal(Quoted.List.Hardware.Count, page.FindAll("tbody tr").Count);
    }

    [Fact]
    public async Task When_nothing_has_so_much_memory_it_says_so()
    {
        var page = Open("?memory=99999");
        Assert.Contains("No hardware in the catalogue", page.Markup);
        await page.InvokeAsync(() => page.Find("p.muted button").Click());
        page.WaitForAssertion(() => Assert.Equal(Quoted.List.Hardware.Count, page.FindAll("tbody tr").Count));
    }

    [Fact]
    public async Task A_column_sorts_and_a_second_time_turns_it_around()
    {
        var page = Open();
        Assert.Equal("ascending", page.FindAll("th[aria-sort]").Single().GetAttribute("aria-sort"));
        await page.InvokeAsync(() => page.FindAll("th button")[2].Click());
        page.WaitForAssertion(() => Assert.Equal("p6-b300.48xlarge", Ids(page)[0]));
        Assert.EndsWith("hardware?sort=memory", Navigation.Uri);
        await page.InvokeAsync(() => page.FindAll("th button")[2].Click());
        page.WaitForAssertion(() => Assert.EndsWith("hardware?sort=-memory", Navigation.Uri));
        page.WaitForAssertion(() => Assert.Equal("ascending", page.FindAll("th[aria-sort]").Single().GetAttribute("aria-sort")));
    }

    [Fact]
    public async Task A_catalogue_that_can_t_be_had_is_said_to_be_and_can_be_asked_for_again()
    {
        Platform.Refuse("GET v1/hardware", 503, "platform_unavailable", "The platform does not answer just now.");
        var page = Show<HardwarePage>();
        page.WaitForAssertion(() => Assert.Contains("does not answer just now", page.Find(".notice.error").TextContent));
        Platform.Answer("GET v1/hardware", Quoted.List);
        await page.InvokeAsync(() => page.Find("p .button").Click());
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("tbody tr")));
        Assert.Empty(page.FindAll(".notice.error"));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("24", "-memory")]
    [InlineData("much", "gpu")]
    public void An_address_says_what_was_asked_for(string? memory, string? sort)
    {
        var query = HardwareQuery.Parse(memory, sort);
        Assert.Equal(query, HardwareQuery.Parse((string?)query.Parameters()["memory"], (string?)query.Parameters()["sort"]));
    }

    [Theory, InlineData("17"), InlineData("--"), InlineData("nonsense")]
    public void An_order_that_there_is_not_is_the_usual_one(string sort) => Assert.Equal(HardwareOrder.Price, HardwareQuery.Parse(null, sort).Order);

    [Theory, InlineData("price"), InlineData("-price"), InlineData("name"), InlineData("gpu"), InlineData("memory"), InlineData("vcpu"), InlineData("-ram")]
    public void Every_order_shows_all_and_the_installation_s_own_machine_last(string sort)
    {
        var shown = HardwareQuery.Parse(null, sort).Of(Quoted.List);
        Assert.Equal(Quoted.List.Hardware.Select(h => h.Id).Order(StringComparer.Ordinal), shown.Select(h => h.Id).Order(StringComparer.Ordinal));
        Assert.Equal(HardwareCatalog.Local, shown[^1].Id);
    }

    [Theory]
    [InlineData(null, 0, "no GPU")]
    [InlineData("l4", 1, "L4")]
    [InlineData("rtx-pro-4500", 8, "8 × RTX PRO 4500")]
    [InlineData("NVIDIA L40S", 1, "NVIDIA L40S")]
    public void GPUs_are_called_by_their_names(string? gpu, int count, string words) => Assert.Equal(words, HardwareWords.Gpus(gpu, count));

    private IRenderedComponent<HardwarePage> Open(string query = "")
    {
        Navigation.NavigateTo($"hardware{query}");
        var page = Show<HardwarePage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll(".tools")));
        return page;
    }

    private static List<string> Ids(IRenderedComponent<HardwarePage> page) => [.. page.FindAll("tbody th").Select(h => h.TextContent.Trim())];
}
