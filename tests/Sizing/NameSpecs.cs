using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Tests;

/// <summary>What names tell of sizes.</summary>
public sealed class NameSpecs
{
    [Theory]
    [InlineData("Qwen/Qwen2.5-0.5B-Instruct", 500_000_000L)]
    [InlineData("Qwen/Qwen3-235B-A22B", 235_000_000_000)]
    [InlineData("mistralai/Mixtral-8x7B-Instruct-v0.1", 56_000_000_000)]
    [InlineData("HuggingFaceTB/SmolLM2-135M-Instruct", 135_000_000L)]
    [InlineData("meta-llama/Llama-3.1-405B", 405_000_000_000)]
    [InlineData("openai/gpt-oss-120b", 120_000_000_000)]
    [InlineData("moonshotai/Kimi-1T", 1_000_000_000_000)]
    [InlineData("org4B/plain", null)]
    [InlineData("BAAI/bge-m3", null)]
    [InlineData("org/model-4bit", null)]
    public void Parameters_are_told_in_millions_and_billions(string model, long? parameters) => Assert.Equal(parameters, NameEstimate.Parameters(model));

    [Theory]
    [InlineData("org/model-7B", 2)]
    [InlineData("org/model-7B-FP8", 1.05)]
    [InlineData("org/model-7B-AWQ", 0.65)]
    [InlineData("org/model-7B-GPTQ-Int4", 0.65)]
    public void Quantisation_is_told_by_words(string model, double bytes) => Assert.Equal(bytes, NameEstimate.Storage(model).BytesPerParameter);

    // Both are true of the same models: the estimate is held against the exact figures.
    [Theory, MemberData(nameof(ModelSpecs.Models), MemberType = typeof(ModelSpecs))]
    public void An_estimate_with_its_margin_holds_the_weights_that_there_are(string id)
    {
        var exact = HubModel.All.Single(m => m.Id == id).Expect["weightBytes"];
        if (exact is null || ModelsWithOtherStorage.Contains(id) || Analyst.FromName(id, "the Hub is down") is not { } estimate) return;
        Assert.InRange((double)(long)exact, estimate.WeightBytes * 0.7, estimate.WeightBytes * (1 + estimate.Margin));
    }

    // Their names say nothing of their 4 or 8 bits.
    private static readonly string[] ModelsWithOtherStorage = ["openai/gpt-oss-120b"];
}
