using Hypervize.Sizing.Running;

namespace Hypervize.Sizing.Tests;

/// <summary>What owners may tell runtimes themselves.</summary>
public sealed class TuningSpecs
{
    private static readonly Sampling None = new(null, null, null, null, null);

    [Theory]
    [InlineData("vllm", "--enable-prefix-caching")]
    [InlineData("vllm", "--max-num-batched-tokens=8192")]
    [InlineData("vllm", "--kv-cache-dtype=fp8")]
    [InlineData("llama-server", "--cache-type-k=q8_0")]
    public void What_is_on_the_list_may_be_given(string runtime, string argument) => Assert.Null(Tuning.Error(runtime, argument));

    [Theory]
    [InlineData("vllm", "--host=0.0.0.0")] // Where it listens
    [InlineData("vllm", "--model=other/model")] // what it loads
    [InlineData("vllm", "--gpu-memory-utilization=0.99")] // what was sized
    [InlineData("vllm", "--trust-remote-code")] // what needs consent
    [InlineData("vllm", "--seed=1 --host=0.0.0.0")]
    [InlineData("vllm", "--seed=-1")]
    [InlineData("vllm", "--seed")]
    [InlineData("vllm", "--enforce-eager=yes")]
    [InlineData("vllm", "--tool-call-parser=../../evil.py")]
    [InlineData("llama-server", "--log-file=/etc/passwd")]
    [InlineData("simulator", "--seed=1")]
    [InlineData("vllm", "")]
    public void Nothing_else_may(string runtime, string argument) => Assert.NotNull(Tuning.Error(runtime, argument));

    [Fact]
    public void Sampling_is_one_argument_of_vLLM_without_a_space() => Assert.Equal(
        ["--seed=1", """--override-generation-config={"temperature":0.7,"top_p":0.95,"max_new_tokens":512}"""], Tuning.Of("vllm", ["--seed=1"], new(0.7m, 0.95m, null, 512, null)));

    [Fact]
    public void LlamaServer_takes_names_and_values_apart() => Assert.Equal(
        ["--threads", "8", "--mlock", "--temp", "0.7", "--repeat-penalty", "1.1"], Tuning.Of("llama-server", ["--threads=8", "--mlock"], new(0.7m, null, null, null, 1.1m)));

    [Fact]
    public void Where_nothing_is_chosen_nothing_is_told() => Assert.Empty(Tuning.Of("vllm", [], None));
}
