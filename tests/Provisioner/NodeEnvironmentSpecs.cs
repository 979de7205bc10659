using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>No secret of the platform reaches a node.</summary>
public sealed class NodeEnvironmentSpecs
{
    private static readonly Dictionary<string, string> Own = new()
    {
        ["PATH"] = "/usr/bin", ["HOME"] = "/root", ["CUDA_VISIBLE_DEVICES"] = "0", ["HF_HOME"] = "/models", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://jaeger:4318",
        ["Postgres__ConnectionString"] = "Password=secret", ["Identity__SigningKey"] = "secret", ["Bus__Uri"] = "amqp://user:secret@host", ["HF_TOKEN"] = "secret",
        ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=secret", ["AWS_SECRET_ACCESS_KEY"] = "secret", ["ASPNETCORE_URLS"] = "http://0.0.0.0:8080",
        ["OTEL_SERVICE_NAME"] = "provisioner",
    };

    [Fact]
    public void A_node_gets_the_few_variables_it_needs() =>
        Assert.Equal(["CUDA_VISIBLE_DEVICES", "HF_HOME", "HOME", "OTEL_EXPORTER_OTLP_ENDPOINT", "PATH"],
            NodeEnvironment.Of(Own, new Dictionary<string, string>(), new Dictionary<string, string>(), new(null), null).Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void A_profile_may_give_it_more() =>
        Assert.Equal("own", NodeEnvironment.Of(Own, new Dictionary<string, string> { ["HF_TOKEN"] = "own" }, new Dictionary<string, string>(), new(null), null)["HF_TOKEN"]);

    [Fact]
    public void An_endpoints_token_is_there_for_its_own_nodes() =>
        Assert.Equal("hf_own", NodeEnvironment.Of(Own, new Dictionary<string, string>(), new Dictionary<string, string>(), new("hf_own"), null)["HF_TOKEN"]);

    [Fact]
    public void It_joins_the_trace_that_started_it() =>
        Assert.Equal("00-1-2-01", NodeEnvironment.Of(Own, new Dictionary<string, string>(), new Dictionary<string, string>(), new(null), "00-1-2-01")["TRACEPARENT"]);
}
