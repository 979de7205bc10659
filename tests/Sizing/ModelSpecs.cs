using System.Text.Json.Nodes;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Tests;

/// <summary>What is concluded about models of every kind.</summary>
public sealed class ModelSpecs(HubFixture fixture) : IClassFixture<HubFixture>
{
    public static TheoryData<string> Models => [.. HubModel.All.Select(m => m.Id)];

    [Theory, MemberData(nameof(Models))]
    public async Task A_model_is_as_large_as_arithmetic_makes_it(string id)
    {
        var (expect, it) = (fixture.Hub.Models[id].Expect, await AnalyseAsync(id));
        Assert.Equal(Stated(expect, "weightBytes") ?? it.WeightBytes, it.WeightBytes);
        Assert.Equal(Stated(expect, "kvBytesPerToken") ?? it.KvBytesPerToken, it.KvBytesPerToken);
        Assert.Equal(Stated(expect, "maxContext") ?? it.MaxContext, it.MaxContext);
        if (expect["tensorParallel"] is JsonArray degrees)
            Assert.Equal(degrees.Select(d => (int)d!), ((int[])[1, 2, 4, 8, 16]).Where(n => Splits.IsValid(it, n)));
    }

    [Theory, MemberData(nameof(Models))]
    public async Task Every_number_says_where_it_comes_from(string id) =>
        Assert.Equal(["kvBytesPerToken", "maxContext", "parameters", "task", "weightBytes"], (await AnalyseAsync(id)).Sources.Keys.Order());

    [Theory]
    [InlineData("Qwen/Qwen2.5-0.5B-Instruct", ModelTask.Chat)]
    [InlineData("google/gemma-3-27b-it", ModelTask.Chat)]
    [InlineData("mistralai/Mistral-7B-Instruct-v0.3", ModelTask.Chat)]
    [InlineData("BAAI/bge-small-en-v1.5", ModelTask.Embedding)]
    [InlineData("ggml-org/gemma-3-1b-it-GGUF", ModelTask.Chat)]
    public async Task A_task_is_told_by_what_the_model_is(string id, ModelTask task) => Assert.Equal(task, (await AnalyseAsync(id)).Task);

    [Fact]
    public async Task Only_layers_that_slide_are_cut_to_their_window()
    {
        var it = await AnalyseAsync("google/gemma-3-27b-it");
        Assert.Equal([(52, 1024), (10, null)], it.Layers.Select(l => (l.Count, l.Window)).OrderByDescending(l => l.Count));
    }

    [Fact]
    public async Task A_window_that_is_switched_off_cuts_nothing() =>
        Assert.All((await AnalyseAsync("Qwen/Qwen2.5-0.5B-Instruct")).Layers, l => Assert.Null(l.Window));

    [Fact]
    public async Task The_usual_quantisation_is_taken_of_several_GGUF_files()
    {
        var it = await AnalyseAsync("ggml-org/gemma-3-1b-it-GGUF");
        Assert.Equal(("gemma-3-1b-it-Q4_K_M.gguf", 806_058_240L, "Q4_K_M", WeightFormat.Gguf), (it.GgufFile, it.WeightBytes, it.Quantization, it.Format));
        Assert.Equal("gemma-3-1b-it-f16.gguf", (await AnalyseAsync("ggml-org/gemma-3-1b-it-GGUF", "F16")).GgufFile);
    }

    [Fact]
    public async Task The_exact_revision_is_pinned() =>
        Assert.Equal(fixture.Hub.Models["Qwen/Qwen2.5-7B-Instruct"].Revision, (await AnalyseAsync("Qwen/Qwen2.5-7B-Instruct")).Revision);

    private Task<ModelAnalysis> AnalyseAsync(string id, string? quantization = null) => fixture.AnalyseAsync(id, HubStandIn.Token, quantization);

    private static long? Stated(JsonObject expect, string name) => (long?)expect[name];
}
