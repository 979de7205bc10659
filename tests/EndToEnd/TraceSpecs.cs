using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Hypervize.EndToEnd.Tests;

/// <summary>One trace tells a request's whole way.</summary>
public sealed class TraceSpecs
{
    [Fact]
    public async Task One_trace_runs_from_the_http_request_through_the_log_and_the_broker_to_the_node()
    {
        await using var collector = await TraceCollector.StartAsync();
        var (trace, span) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        foreach (var (name, value) in Exporter(collector.Url)) Environment.SetEnvironmentVariable(name, value); // Services inherit it.
        var platform = new Platform();
        try
        {
            await platform.InitializeAsync();
            await CreateAsync(platform, $"00-{trace}-{span}-01");
            await Platform.EventuallyAsync(() => Task.FromResult(WayOf("load model", trace, span) is not null), "the trace to reach the node's start");

            var way = WayOf("load model", trace, span)!;
            Assert.Equal(["endpoints", "node", "provisioner", "proxy"], way.Select(s => s.Service).Distinct().Order());
            Assert.Equal(["endpoints", "provisioner"], way.Where(s => s.Name == "append").Select(s => s.Service).Distinct().Order());
            Assert.Contains(way, s => s.Service == "provisioner" && s.Name.Contains("provisioner-endpoints", StringComparison.Ordinal));
        }
        finally
        {
            foreach (var (name, _) in Exporter("")) Environment.SetEnvironmentVariable(name, null);
            await platform.DisposeAsync();
        }

        // From a span up to the client's, if no link is missing.
        List<Span>? WayOf(string name, string traceId, string clientSpan)
        {
            var spans = collector.Spans.Where(s => s.TraceId == traceId).DistinctBy(s => s.Id).ToDictionary(s => s.Id);
            var way = new List<Span>();
            for (var at = spans.Values.FirstOrDefault(s => s.Name == name); at is not null; at = spans.GetValueOrDefault(at.ParentId))
            {
                way.Add(at);
                if (at.ParentId == clientSpan) return way;
            }
            return null;
        }
    }

    private static IEnumerable<(string Name, string Value)> Exporter(string url) =>
        [("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200")];

    private static async Task CreateAsync(Platform platform, string traceParent)
    {
        using var http = new HttpClient { BaseAddress = new(platform.Url) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/endpoints")
        {
            Content = JsonContent.Create(new JsonObject { ["name"] = "traced", ["model"] = "simulator/tiny", ["hardware"] = "g5.xlarge" }),
            Headers = { { "traceparent", traceParent }, { "Authorization", $"Bearer {platform.OperatorKey}" } },
        };
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }
}
