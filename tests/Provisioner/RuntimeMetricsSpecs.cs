using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>What runtimes say of themselves.</summary>
public sealed class RuntimeMetricsSpecs
{
    private static readonly string[] Names = ["vllm:num_requests_running", "vllm:num_requests_waiting"];

    [Fact]
    public void Requests_are_the_sum_of_their_metrics_over_all_labels() =>
        Assert.Equal(6, Sum("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name=\"a b\"} 2.0\nvllm:num_requests_running{model_name=\"c\"} 1\nvllm:num_requests_waiting 3\nvllm:other 9\n"));

    [Theory, InlineData(""), InlineData("vllm:other 1"), InlineData("vllm:num_requests_running NaN"), InlineData("vllm:num_requests_running x"), InlineData("vllm:num_requests_running{")]
    public void A_number_that_is_not_told_is_not_zero(string metrics) => Assert.Null(Sum(metrics));

    [Theory, InlineData("vllm:num_requests_running 2 1767225600000"), InlineData("vllm:num_requests_running{model_name=\"} 7\"} 2 1767225600000")]
    public void The_time_of_a_value_is_not_the_value(string metrics) => Assert.Equal(2, Sum(metrics));

    [Theory]
    [InlineData("vllm", "vllm:num_requests_running 3\nvllm:num_requests_waiting 2\nvllm:kv_cache_usage_perc 0.25", 3, 2, 0.25)]
    [InlineData("vllm", "vllm:num_requests_running 3\nvllm:num_requests_waiting 2\nvllm:gpu_cache_usage_perc 0.25", 3, 2, 0.25)]
    [InlineData("simulator", "vllm:num_requests_running 3\nvllm:num_requests_waiting 2\nvllm:kv_cache_usage_perc 1", 3, 2, 1.0)]
    [InlineData("llama-server", "llamacpp:requests_processing 3\nllamacpp:requests_deferred 2\nllamacpp:kv_cache_usage_ratio 0.25", 3, 2, 0.25)]
    [InlineData("llama-server", "llamacpp:requests_processing 3\nllamacpp:requests_deferred 2", 3, 2, null)]
    public void Every_runtime_says_how_busy_it_is_in_its_own_words(string runtime, string metrics, int running, int waiting, double? cacheUsed) =>
        Assert.Equal(new(running, waiting, cacheUsed), RuntimeGauges.Of(metrics, RuntimeProfile.BuiltIn()[runtime].Probe));

    [Fact]
    public void Request_metrics_that_an_operator_chose_need_not_be_in_order() =>
        Assert.Equal(new(3, 2, null), Gauges(new() { RequestMetrics = "vllm:num_requests_waiting vllm:num_requests_running" }, "vllm:num_requests_running 3\nvllm:num_requests_waiting 2"));

    [Fact]
    public void Request_metrics_of_an_unknown_runtime_all_count_as_running() =>
        Assert.Equal(new(5, 0, null), Gauges(new() { RequestMetrics = "mine:running mine:queued" }, "mine:running 3\nmine:queued 2"));

    [Fact]
    public void An_operator_says_which_metrics_of_a_runtime_wait_and_which_is_the_cache() =>
        Assert.Equal(
            new(3, 2, 0.25),
            Gauges(new() { RequestMetrics = "mine:running mine:queued", WaitingMetrics = "mine:queued", CacheMetrics = "mine:cache" }, "mine:running 3\nmine:queued 2\nmine:cache 0.25"));

    [Fact]
    public void A_runtime_that_does_not_say_how_many_requests_run_says_nothing() => Assert.Null(Gauges(new(), "vllm:num_requests_waiting 2\nvllm:kv_cache_usage_perc 0.25"));

    [Fact]
    public void Caches_side_by_side_count_by_their_mean() =>
        Assert.Equal(0.5, Gauges(new(), "vllm:num_requests_running 1\nvllm:kv_cache_usage_perc{engine=\"0\"} 0.75\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.25")!.CacheUsed);

    [Theory, InlineData("NaN"), InlineData("25"), InlineData("-1"), InlineData("x")]
    public void What_is_no_share_is_not_told(string value) => Assert.Null(Gauges(new(), $"vllm:num_requests_running 1\nvllm:kv_cache_usage_perc {value}")!.CacheUsed);

    private static int? Sum(string metrics) => new RuntimeMetrics(metrics, Names).Sum(Names);

    private static RuntimeGauges? Gauges(RuntimeProfile profile, string metrics) => RuntimeGauges.Of(metrics, profile.Probe);
}
