namespace Hypervize.Provisioner.Local;

/// <summary>How a runtime is started, and how it tells that it is ready. Placeholders: see <see cref="CommandLine"/>.</summary>
public sealed class RuntimeProfile
{
    // Names are the runtime's own, so one list serves all that are known.
    internal const string KnownWaits = "vllm:num_requests_waiting llamacpp:requests_deferred";
    internal const string KnownCaches = "vllm:kv_cache_usage_perc vllm:gpu_cache_usage_perc llamacpp:kv_cache_usage_ratio";
    private const string VllmCounts = "vllm:num_requests_running vllm:num_requests_waiting";

    /// <summary>Program and arguments, separated by spaces; double quotes keep an argument with spaces together. No shell reads it.</summary>
    public string Command { get; set; } = "";

    /// <summary>Further arguments, after those of <see cref="Command"/>.</summary>
    public string Arguments { get; set; } = "";

    /// <summary>Path that answers 200 when the runtime is ready.</summary>
    public string ReadinessPath { get; set; } = "/health";

    /// <summary>Start-up budget in seconds: a runtime that is not ready by then has failed.</summary>
    public double StartSeconds { get; set; } = 900;

    /// <summary>Path of its metrics in Prometheus' text format.</summary>
    public string MetricsPath { get; set; } = "/metrics";

    /// <summary>Metrics whose sum is the number of requests it has, running and waiting; separated by spaces. Empty when it has none.</summary>
    public string RequestMetrics { get; set; } = VllmCounts;

    /// <summary>
    /// Metrics whose sum is the number of requests in its own queue, separated by spaces. Those of <see cref="RequestMetrics"/> that are not among them count
    /// requests that generate.
    /// </summary>
    public string WaitingMetrics { get; set; } = KnownWaits;

    /// <summary>Metrics that tell the share of the KV cache in use, 0 to 1, separated by spaces: the first that it has counts.</summary>
    public string CacheMetrics { get; set; } = KnownCaches;

    /// <summary>Environment variables it gets beside the few that every node gets.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Whether its weights are brought to the disk before it starts; else it loads them by itself.</summary>
    internal bool IsGivenWeights => $"{Command} {Arguments}".Contains("{weights}", StringComparison.Ordinal);

    /// <summary>How its nodes are asked.</summary>
    internal ProbePaths Probe => new(ReadinessPath, MetricsPath, Names(RequestMetrics)) { WaitingMetrics = Names(WaitingMetrics), CacheMetrics = Names(CacheMetrics) };

    /// <summary>The profiles there are without configuration.</summary>
    public static Dictionary<string, RuntimeProfile> BuiltIn() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["simulator"] = new()
        {
            Command = "{simulator} --host={host} --port={port} --model={model} --served-model-name={name} --concurrency={concurrency} --node-id={node} --serving-log={folder}/serving.log",
            StartSeconds = 120,
        },
        ["vllm"] = new()
        {
            Command = "vllm serve {weights} --host={host} --port={port} --served-model-name={name} --max-num-seqs={concurrency} {arguments}",
            StartSeconds = 1800,
        },
        ["llama-server"] = new()
        {
            Command = "llama-server --model {weights} --host {host} --port {port} --alias {name} --parallel {concurrency} --metrics {arguments}",
            RequestMetrics = "llamacpp:requests_processing llamacpp:requests_deferred",
        },
        ["command"] = new() { RequestMetrics = "" },
    };

    internal static string[] Names(string separated) => separated.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
