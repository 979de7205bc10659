using System.ComponentModel.DataAnnotations;
using Hypervize.Provisioner.Local;
using Microsoft.Extensions.Configuration;

namespace Hypervize.Provisioner.Tests;

/// <summary>What an operator configures.</summary>
public sealed class LocalSettingsSpecs
{
    [Fact]
    public void A_profile_that_is_built_in_can_be_changed_in_part()
    {
        var simulator = Bound(("Runtimes:simulator:Arguments", "--load-seconds=2"), ("Runtimes:Simulator:StartSeconds", "7")).Runtimes["simulator"];
        Assert.Equal(("--load-seconds=2", 7), (simulator.Arguments, simulator.StartSeconds));
        Assert.StartsWith("{simulator} ", simulator.Command);
    }

    [Fact]
    public void A_profile_can_be_added()
    {
        var settings = Bound(("Runtimes:mine:Command", "serve {model}"), ("Runtimes:mine:Environment:TOKEN", "x"));
        Assert.Equal("x", settings.Runtimes["mine"].Environment["TOKEN"]);
        Assert.Equal(5, settings.Runtimes.Count);
    }

    [Theory]
    [InlineData("Ports", "20000", "Ports")]
    [InlineData("Ports", "29999-20000", "Ports")]
    [InlineData("Ports", "1-70000", "Ports")]
    [InlineData("Runtimes:mine:Command", "serve {modell}", "Runtimes__mine__Command")]
    [InlineData("Runtimes:mine:StartSeconds", "0", "Runtimes__mine__StartSeconds")]
    public void What_is_wrong_is_said_at_start(string key, string value, string member)
    {
        var settings = Bound((key, value));
        Assert.Contains(settings.Validate(new ValidationContext(settings)), r => r.MemberNames.Contains(member));
    }

    [Theory, InlineData("127.0.0.1", "127.0.0.1"), InlineData("localhost", "127.0.0.1"), InlineData("node7.example", "0.0.0.0"), InlineData("10.0.0.7", "0.0.0.0")]
    public void Nodes_listen_where_proxies_reach_them(string advertised, string listens) => Assert.Equal(listens, Bound(("AdvertiseHost", advertised)).ListenHost);

    private static LocalSettings Bound(params (string Key, string Value)[] values)
    {
        var settings = new LocalSettings { DataDirectory = "/data" };
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => v.Key, v => (string?)v.Value)).Build().Bind(settings);
        return settings;
    }
}
