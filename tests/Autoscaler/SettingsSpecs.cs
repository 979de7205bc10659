using Hypervize.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.Autoscaler.Tests;

/// <summary>Settings that make no sense are refused at start, all at once.</summary>
public sealed class SettingsSpecs
{
    [Fact]
    public void What_nobody_sets_is_good() => Assert.Empty(Errors([]));

    [Fact]
    public void A_proxy_must_be_late_before_it_is_forgotten() =>
        Assert.StartsWith("Autoscaler__ForgetSeconds: ", Assert.Single(Errors(new() { ["Autoscaler:LateSeconds"] = "30", ["Autoscaler:ForgetSeconds"] = "30" })), StringComparison.Ordinal);

    [Fact]
    public void Figures_out_of_bounds_are_all_named() => Assert.Equal(
        ["Autoscaler__DownRate", "Autoscaler__PanicAt", "Autoscaler__RepeatSeconds", "Autoscaler__StabilisationSeconds", "Autoscaler__TargetUtilisation", "Autoscaler__UpRate", "Autoscaler__WindowSeconds"],
        Errors(new()
        {
            ["Autoscaler:TargetUtilisation"] = "1.1", ["Autoscaler:WindowSeconds"] = "0", ["Autoscaler:StabilisationSeconds"] = "0", ["Autoscaler:RepeatSeconds"] = "0",
            ["Autoscaler:PanicAt"] = "1", ["Autoscaler:UpRate"] = "1", ["Autoscaler:DownRate"] = "0",
        }).Select(e => e[..e.IndexOf(':')]).Order());

    private static IReadOnlyList<string> Errors(Dictionary<string, string?> values)
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), new ServiceCollection());
        settings.Read<AutoscalerSettings>("Autoscaler");
        return settings.Errors;
    }
}
