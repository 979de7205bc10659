using Hypervize.Dashboard.Deploy;
using Hypervize.Dashboard.Endpoints.Configuration;
using Hypervize.Endpoints.Api;
using Hypervize.Hosting.Requests;

namespace Hypervize.Architecture.Tests;

/// <summary>What the dashboard says is wrong while it is typed is what the API would say.</summary>
public sealed class DashboardFields
{
    [Fact]
    public void Numbers_have_the_bounds_that_the_API_has() => Assert.Equal(
        DeployFields.Numbers.Select(f => (f.Path, f.Min, f.Max, f.Default)),
        DeployFields.Numbers.Select(f => EndpointFields.Create.OfType<NumberField>().Single(a => a.Path == f.Path)).Select(a => (a.Path, a.Min, a.Max, a.Default)));

    [Fact]
    public void Numbers_that_can_be_changed_have_the_bounds_that_the_API_has()
    {
        var numbers = EndpointSettingList.All.Where(s => s.Kind is SettingKind.Whole or SettingKind.Fraction).ToList();
        Assert.Equal(
            numbers.Select(s => (s.Path, s.Kind, s.Least, s.Most)),
            numbers.Select(s => EndpointFields.Patch.Single(f => f.Path == s.Path) switch
            {
                NumberField whole => (whole.Path, SettingKind.Whole, whole.Min, whole.Max),
                DecimalField fraction => (fraction.Path, SettingKind.Fraction, fraction.Min, fraction.Max),
                var other => (other.Path, SettingKind.Text, 0, 0),
            }));
    }

    [Fact]
    public void Texts_have_the_form_that_the_API_asks_for() => Assert.Equal(
        DeployFields.Texts.Select(f => (f.Path, f.MaxLength, f.Pattern, f.Shape, f.IsOptional)),
        DeployFields.Texts.Select(f => EndpointFields.Create.OfType<TextField>().Single(a => a.Path == f.Path)).Select(a => (a.Path, a.MaxLength, a.Pattern, a.Shape, a.IsOptional)));

    [Fact]
    public void Runtimes_are_those_of_the_API() => Assert.Equal(EndpointFields.Runtime.Words, DeployFields.Runtimes.Select(r => r.Runtime));

    [Fact]
    public void Other_paths_are_fields_of_the_API_too() => Assert.All(
        (string[])[DeployFields.Hardware, DeployFields.Runtime, DeployFields.TrustRemoteCode, DeployFields.Telemetry], path => Assert.Contains(EndpointFields.Create, f => f.Path == path));
}
