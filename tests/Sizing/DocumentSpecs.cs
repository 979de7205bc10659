using System.Globalization;
using System.Runtime.CompilerServices;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Tests;

/// <summary>The arithmetic by hand in docs/sizing.md is what the code computes.</summary>
public sealed class DocumentSpecs(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task The_page_and_the_code_have_the_same_numbers()
    {
        var page = (await File.ReadAllTextAsync(Path.Combine(Here(), "../../docs/sizing.md"))).ReplaceLineEndings(" ");
        var model = await fixture.AnalyseAsync("meta-llama/Llama-3.1-8B-Instruct", HubStandIn.Token);
        var fit = model.Fit("g6.xlarge");
        var (budget, taken) = (Need.BudgetBytes(22_888), Need.FixedBytes(model, 1, null));
        foreach (var number in (FormattableString[])
            [
                $"{model.Parameters:N0} parameters", $"**{model.WeightBytes:N0} bytes**", $"**{model.KvBytesPerToken:N0} bytes a token**", $"{budget:N0} bytes", $"{taken:N0} bytes", $"{budget - taken:N0} bytes",
                $"{Need.SequenceBytes(model, 1, 8192):N0} bytes", $"**{fit.Sequences} sequences**", $"**{fit.MaxContext:N0} tokens**", $"{fit.HourlyUsd} USD an hour", $"{24 * fit.HourlyUsd} USD awake",
            ])
            Assert.Contains(number.ToString(CultureInfo.InvariantCulture), page);
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
