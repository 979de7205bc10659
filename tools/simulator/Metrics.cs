using System.Globalization;

namespace Hypervize.Simulator;

/// <summary>Prometheus text under the names of vLLM 0.9 and later, so that what reads them reads a real node as well.</summary>
internal static class Metrics
{
    public static Task WriteAsync(HttpContext http, Engine engine, NodeSettings settings)
    {
        var name = settings.ServedName
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        var (running, places) = (engine.Running, settings.Behaviour.Concurrency);
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(string.Concat(
            Of("vllm:num_requests_running", "gauge", "Requests that generate now.", running),
            Of("vllm:num_requests_waiting", "gauge", "Requests that wait for their turn.", engine.Waiting),
            Of("vllm:kv_cache_usage_perc", "gauge", "Share of the places that are taken, 0 to 1; there is no KV cache.", (double)running / places),
            Of("vllm:prompt_tokens_total", "counter", "Words of prompts read.", engine.PromptTokens),
            Of("vllm:generation_tokens_total", "counter", "Words generated.", engine.GeneratedTokens)), http.RequestAborted);

        string Of(string metric, string type, string help, double value) => string.Create(CultureInfo.InvariantCulture,
            $"# HELP {metric} {help}\n# TYPE {metric} {type}\n{metric}{{model_name=\"{name}\"}} {value}\n");
    }
}
