using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Running;

namespace Hypervize.Sizing.Tests;

/// <summary>What runtimes are told, so that they run a model as it was sized.</summary>
public sealed class RuntimeArgumentSpecs(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task VLLM_is_told_everything_that_sizing_rests_on()
    {
        var model = await fixture.AnalyseAsync("meta-llama/Llama-3.1-8B-Instruct", HubStandIn.Token);
        Assert.Equal(
            [
                "--tensor-parallel-size=2", "--max-model-len=4096", "--gpu-memory-utilization=0.9", "--dtype=bfloat16",
                "--enable-auto-tool-choice", "--tool-call-parser=llama3_json",
            ],
            RuntimeArguments.Of(RuntimeArguments.Vllm, model, new(4096), 2, 8.9m, 16, trustRemoteCode: false));
    }

    [Theory]
    [InlineData("Qwen/Qwen2.5-7B-Instruct", "--tool-call-parser=hermes", null)]
    [InlineData("Qwen/Qwen3-235B-A22B", null, null)] // Its name and what the stand-in tells do not speak of chat.
    [InlineData("deepseek-ai/DeepSeek-R1", "--tool-call-parser=deepseek_v3", "--reasoning-parser=deepseek_r1")]
    [InlineData("openai/gpt-oss-120b", "--tool-call-parser=openai", "--reasoning-parser=openai_gptoss")]
    [InlineData("mistralai/Mistral-7B-Instruct-v0.3", "--tool-call-parser=mistral", null)]
    [InlineData("google/gemma-2-9b-it", null, null)]
    public async Task Tool_calls_and_reasoning_are_parsed_as_the_family_writes_them(string id, string? tools, string? reasoning)
    {
        var arguments = Vllm(await fixture.AnalyseAsync(id, HubStandIn.Token));
        Assert.Equal((tools, reasoning), (arguments.SingleOrDefault(a => a.StartsWith("--tool-call-parser")), arguments.SingleOrDefault(a => a.StartsWith("--reasoning-parser"))));
    }

    [Fact]
    public async Task A_GPU_without_bfloat16_computes_in_float16() => Assert.Contains("--dtype=float16", Vllm(await fixture.AnalyseAsync("Qwen/Qwen2.5-0.5B-Instruct"), capability: 7.5m));

    [Fact]
    public async Task An_embedding_model_pools() => Assert.Contains("--runner=pooling", Vllm(await fixture.AnalyseAsync("BAAI/bge-small-en-v1.5")));

    [Fact]
    public async Task Code_of_the_model_runs_only_where_it_is_trusted()
    {
        var model = await fixture.AnalyseAsync("Qwen/Qwen2.5-0.5B-Instruct");
        Assert.DoesNotContain("--trust-remote-code", Vllm(model));
        Assert.Contains("--trust-remote-code", RuntimeArguments.Of(RuntimeArguments.Vllm, model, new(), 1, 8.0m, 16, trustRemoteCode: true));
    }

    [Fact]
    public async Task LlamaServer_divides_its_context_among_the_requests_it_takes() => Assert.Equal(
        ["--ctx-size", "32768", "--n-gpu-layers", "999", "--jinja"],
        RuntimeArguments.Of(RuntimeArguments.LlamaServer, await fixture.AnalyseAsync("ggml-org/gemma-3-1b-it-GGUF"), new(8192), 1, null, 4, trustRemoteCode: false));

    [Theory]
    [InlineData(5, 8)]
    [InlineData(16, 16)]
    [InlineData(257, 320)]
    [InlineData(1000, 512)]
    public async Task An_adapter_is_served_under_its_own_name_beside_its_base(int rank, int most)
    {
        var model = (await fixture.AnalyseAsync("Qwen/Qwen2.5-7B-Instruct")) with { Model = "me/adapter", Adapter = new("me/adapter", "a1", "Qwen/Qwen2.5-7B-Instruct", rank, 40_000_000) };
        Assert.Equal(["--served-model-name=Qwen/Qwen2.5-7B-Instruct", "--enable-lora", $"--max-lora-rank={most}", "--lora-modules={name}={adapter}"], Vllm(model).TakeLast(4));
    }

    [Theory, MemberData(nameof(ModelSpecs.Models), MemberType = typeof(ModelSpecs))]
    public async Task No_argument_has_a_space_in_it(string id) =>
        Assert.All(Vllm(await fixture.AnalyseAsync(id, HubStandIn.Token)), a => Assert.DoesNotContain(' ', a));

    private static IReadOnlyList<string> Vllm(ModelAnalysis model, decimal capability = 8.9m) => RuntimeArguments.Of(RuntimeArguments.Vllm, model, new(), 1, capability, 16, trustRemoteCode: false);
}
