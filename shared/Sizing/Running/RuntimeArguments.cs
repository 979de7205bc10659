using System.Globalization;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Running;

/// <summary>
/// What a runtime is told so that it runs a model as it was sized; the node puts in <c>{name}</c> and <c>{adapter}</c>. No argument has a space in it. Flags: https://docs.vllm.ai (serve) and
/// https://github.com/ggml-org/llama.cpp (tools/server).
/// </summary>
public static class RuntimeArguments
{
    /// <summary>Name of vLLM's runtime profile.</summary>
    public const string Vllm = "vllm";

    /// <summary>Name of llama.cpp's runtime profile.</summary>
    public const string LlamaServer = "llama-server";

    // What vLLM takes as --max-lora-rank.
    private static readonly int[] LoraRanks = [8, 16, 32, 64, 128, 256, 320, 512];

    private const decimal FirstWithBfloat16 = 8.0m;

    // Embeddings of Llama 3.1 and later; earlier Llamas, and other models of their architecture, were not taught to call tools.
    private const int WordsOfLlama3 = 128_256;

    /// <summary>The arguments of a runtime; none for one that we don't know.</summary>
    /// <param name="runtime">Name of its profile.</param>
    /// <param name="model">The model.</param>
    /// <param name="ask">What it must hold.</param>
    /// <param name="gpus">GPUs it is split among.</param>
    /// <param name="computeCapability">What the GPU computes; null when unknown.</param>
    /// <param name="concurrency">Requests it takes at once.</param>
    /// <param name="trustRemoteCode">Whether the model's own code may run.</param>
    public static IReadOnlyList<string> Of(string runtime, ModelAnalysis model, Ask ask, int gpus, decimal? computeCapability, int concurrency, bool trustRemoteCode) => runtime switch
    {
        Vllm => [.. OfVllm(model, ask, gpus, computeCapability, trustRemoteCode)],
        LlamaServer => [.. OfLlama(model, ask, concurrency)],
        _ => [],
    };

    private static IEnumerable<string> OfVllm(ModelAnalysis model, Ask ask, int gpus, decimal? computeCapability, bool trustRemoteCode)
    {
        yield return $"--tensor-parallel-size={Number(gpus)}";
        yield return $"--max-model-len={Number(ask.ContextOf(model))}";
        yield return $"--gpu-memory-utilization={Need.Utilization.ToString(CultureInfo.InvariantCulture)}";
        yield return $"--dtype={(computeCapability < FirstWithBfloat16 ? "float16" : model.Dtype)}";
        if (ask.Quantization is { } quantization && Need.Quantizations.Contains(quantization)) yield return $"--quantization={quantization}";
        if (model.Task == ModelTask.Embedding) yield return "--runner=pooling";
        if (model.Task == ModelTask.Chat && ToolParser(model) is { } tools)
        {
            yield return "--enable-auto-tool-choice";
            yield return $"--tool-call-parser={tools}";
        }
        if (model.Task == ModelTask.Chat && ReasoningParser(model) is { } reasoning) yield return $"--reasoning-parser={reasoning}";
        if (trustRemoteCode) yield return "--trust-remote-code";
        if (model.Adapter is not { } adapter) yield break;
        // Whom requests name is the adapter; its base is served beside it.
        yield return $"--served-model-name={adapter.Base}";
        yield return "--enable-lora";
        yield return $"--max-lora-rank={Number(LoraRanks.FirstOrDefault(r => r >= adapter.Rank, LoraRanks[^1]))}";
        yield return "--lora-modules={name}={adapter}";
    }

    // llama-server divides its context among the requests it takes at once.
    private static IEnumerable<string> OfLlama(ModelAnalysis model, Ask ask, int concurrency)
    {
        // Its options and their values are arguments of their own.
        yield return "--ctx-size";
        yield return Number((long)ask.ContextOf(model) * concurrency);
        yield return "--n-gpu-layers";
        yield return "999";
        if (model.Task == ModelTask.Embedding) yield return "--embeddings";
        else yield return "--jinja";
    }

    private static string? ToolParser(ModelAnalysis model) => model.ModelType switch
    {
        "qwen3" or "qwen3_moe" or "qwen3_next" when Named(model, "coder") => "qwen3_coder",
        "qwen2" or "qwen2_moe" or "qwen3" or "qwen3_moe" or "qwen3_next" or "qwen2_5_vl" or "qwen3_vl" => "hermes",
        "llama" when model.Vocabulary == WordsOfLlama3 => "llama3_json",
        "llama4" => "llama4_pythonic",
        "mistral" or "mixtral" or "mistral3" => "mistral",
        "deepseek_v3" => Named(model, "v3.1") ? "deepseek_v31" : "deepseek_v3",
        "gpt_oss" => "openai",
        "granite" or "granitemoe" or "granitemoehybrid" => "granite",
        "glm4_moe" => "glm45",
        "kimi_k2" => "kimi_k2",
        "internlm2" => "internlm",
        "jamba" => "jamba",
        "seed_oss" => "seed_oss",
        "hunyuan_v1_moe" => "hunyuan_a13b",
        _ => null,
    };

    private static string? ReasoningParser(ModelAnalysis model) => model.ModelType switch
    {
        _ when Named(model, "deepseek-r1") || Named(model, "qwq") => "deepseek_r1",
        "qwen3" or "qwen3_moe" or "qwen3_next" when !Named(model, "instruct") && !Named(model, "coder") => "qwen3",
        "deepseek_v3" when Named(model, "v3.1") => "deepseek_v3",
        "gpt_oss" => "openai_gptoss",
        "glm4_moe" => "glm45",
        "seed_oss" => "seed_oss",
        "hunyuan_v1_moe" => "hunyuan_a13b",
        _ => null,
    };

    private static bool Named(ModelAnalysis model, string part) => model.Model.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
