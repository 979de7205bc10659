using System.Globalization;
using System.Text.RegularExpressions;

namespace Hypervize.Sizing.Running;

/// <summary>How answers are drawn where a request does not say it. Null leaves one to the model's own defaults.</summary>
/// <param name="Temperature">0 to 2.</param>
/// <param name="TopP">Above 0, at most 1.</param>
/// <param name="TopK">Most likely tokens to draw from.</param>
/// <param name="MaxTokens">Most tokens of an answer.</param>
/// <param name="RepetitionPenalty">Above 0; 1 for none.</param>
public sealed record Sampling(decimal? Temperature, decimal? TopP, int? TopK, int? MaxTokens, decimal? RepetitionPenalty);

/// <summary>What an owner may tell a runtime beside what sizing tells it: only what changes neither what is loaded nor what was sized, nor where it listens.</summary>
public static class Tuning
{
    private static readonly Dictionary<string, IReadOnlyDictionary<string, string>> AllowedOf = new(StringComparer.Ordinal)
    {
        // Each with what its value must match; empty for none. Flags: https://docs.vllm.ai/en/latest/cli/serve
        [RuntimeArguments.Vllm] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["--max-num-batched-tokens"] = Batch, ["--enable-prefix-caching"] = "", ["--no-enable-prefix-caching"] = "", ["--enable-chunked-prefill"] = "", ["--enforce-eager"] = "",
            ["--kv-cache-dtype"] = "auto|fp8|fp8_e4m3|fp8_e5m2", ["--seed"] = Count, ["--enable-auto-tool-choice"] = "", ["--tool-call-parser"] = Word, ["--reasoning-parser"] = Word,
            ["--generation-config"] = "auto|vllm", ["--chat-template-content-format"] = "auto|string|openai",
        },
        // https://github.com/ggml-org/llama.cpp/tree/master/tools/server
        [RuntimeArguments.LlamaServer] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["--threads"] = Count, ["--batch-size"] = Count, ["--ubatch-size"] = Count, ["--cache-type-k"] = Caches, ["--cache-type-v"] = Caches, ["--mlock"] = "", ["--no-mmap"] = "",
            ["--seed"] = Count, ["--reasoning-format"] = "none|auto|deepseek",
        },
    };

    // More tokens in a batch take more memory for activations than was set aside.
    private const string Batch = "[1-9][0-9]{1,3}";

    private const string Count = "[0-9]{1,9}", Word = "[a-z0-9_]{1,40}", Caches = "f16|bf16|q8_0|q4_0";

    /// <summary>What is wrong with an argument; null when it may be given.</summary>
    /// <param name="runtime">Name of the runtime profile.</param>
    /// <param name="argument">The argument, <c>--name</c> or <c>--name=value</c>.</param>
    public static string? Error(string runtime, string argument)
    {
        if (!AllowedOf.TryGetValue(runtime, out var allowed)) return $"{runtime} takes no arguments; {string.Join(" and ", AllowedOf.Keys)} do";
        var (name, value) = argument.Split('=', 2) is [var left, var right] ? (left, right) : (argument, "");
        if (!allowed.TryGetValue(name, out var form)) return $"'{name}' may not be given to {runtime}; there are {string.Join(", ", allowed.Keys)}";
        if (form.Length == 0) return argument == name ? null : $"{name} takes no value";
        return Regex.IsMatch(value, $"\\A({form})\\z", RegexOptions.CultureInvariant) ? null : $"the value of {name} must match {form}";
    }

    /// <summary>The arguments of a runtime for what an owner chose; later ones win over sizing's.</summary>
    /// <param name="runtime">Name of the runtime profile.</param>
    /// <param name="arguments">Arguments without an error.</param>
    /// <param name="sampling">How answers are drawn.</param>
    public static IEnumerable<string> Of(string runtime, IEnumerable<string> arguments, Sampling sampling) => runtime switch
    {
        RuntimeArguments.Vllm => [.. arguments, .. OfVllm(sampling)],
        // Its options and their values are arguments of their own.
        RuntimeArguments.LlamaServer => [.. arguments.SelectMany(a => a.Split('=', 2)), .. OfLlama(sampling)],
        _ => [],
    };

    private static IEnumerable<string> OfVllm(Sampling it)
    {
        var chosen = Chosen(("temperature", it.Temperature), ("top_p", it.TopP), ("top_k", it.TopK), ("max_new_tokens", it.MaxTokens), ("repetition_penalty", it.RepetitionPenalty))
            .Select(c => $"\"{c.Name}\":{c.Value}").ToList();
        if (chosen.Count > 0) yield return $"--override-generation-config={{{string.Join(',', chosen)}}}";
    }

    private static IEnumerable<string> OfLlama(Sampling it) =>
        Chosen(("--temp", it.Temperature), ("--top-p", it.TopP), ("--top-k", it.TopK), ("--predict", it.MaxTokens), ("--repeat-penalty", it.RepetitionPenalty)).SelectMany(c => (string[])[c.Name, c.Value]);

    private static IEnumerable<(string Name, string Value)> Chosen(params (string Name, decimal? Value)[] all) =>
        all.Where(c => c.Value is not null).Select(c => (c.Name, c.Value!.Value.ToString(CultureInfo.InvariantCulture)));
}
