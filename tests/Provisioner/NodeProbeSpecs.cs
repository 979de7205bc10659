using System.Text;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>What nodes answer.</summary>
public sealed class NodeProbeSpecs
{
    private static readonly string[] Names = ["vllm:num_requests_running", "vllm:num_requests_waiting"];

    [Fact]
    public void Requests_are_the_sum_of_their_metrics_over_all_labels() =>
        Assert.Equal(6, NodeProbe.Sum("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name=\"a b\"} 2.0\nvllm:num_requests_running{model_name=\"c\"} 1\nvllm:num_requests_waiting 3\nvllm:other 9\n", Names));

    [Theory, InlineData(""), InlineData("vllm:other 1"), InlineData("vllm:num_requests_running NaN"), InlineData("vllm:num_requests_running x")]
    public void A_number_that_is_not_told_is_not_zero(string metrics) => Assert.Null(NodeProbe.Sum(metrics, Names));

    [Theory, InlineData("[]"), InlineData("{"), InlineData("{\"ready_at\":1}"), InlineData("{\"ready_at\":\"soon\"}"), InlineData("null")]
    public void A_runtime_need_not_say_when_it_became_ready(string body) => Assert.Null(NodeProbe.ReadyAt(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_runtime_may_say_when_it_became_ready() => Assert.Equal(Some.Noon, NodeProbe.ReadyAt("""{"status":"ok","ready_at":"2026-01-01T12:00:00.000Z"}"""u8));
}
