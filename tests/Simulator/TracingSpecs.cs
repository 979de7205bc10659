using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Hypervize.Simulator.Tests;

/// <summary>Traces, as a collector receives them.</summary>
public sealed class TracingSpecs
{
    private const string StartTrace = "0af7651916cd43dd8448eb211c80319c";
    private const string RequestTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task The_load_and_the_requests_belong_to_the_traces_of_those_who_asked()
    {
        var received = new ConcurrentBag<byte[]>();
        await using var collector = await CollectorAsync(received);
        await using (var node = await SimulatorProcess.ListeningAsync(["--model", "m?load=0&ttft=0"], ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.Single()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("TRACEPARENT", $"00-{StartTrace}-b7ad6b7169203331-01")))
        {
            await SimulatorProcess.EventuallyAsync(async () => (await node.Http.GetAsync("/health")).IsSuccessStatusCode);
            node.Http.DefaultRequestHeaders.Add("traceparent", $"00-{RequestTrace}-00f067aa0ba902b7-01");
            await node.PostAsync("/v1/chat/completions", Ask.Chat("m?load=0&ttft=0", tokens: 1)).JsonAsync();
            await node.TerminateAsync();
            Assert.Equal(0, await node.ExitAsync());
        }
        var spans = received.SelectMany(b => b).ToArray();
        Assert.All([Convert.FromHexString(StartTrace), Convert.FromHexString(RequestTrace), "load model"u8.ToArray(), "POST /v1/chat/completions"u8.ToArray(), "node"u8.ToArray()],
            part => Assert.True(spans.AsSpan().IndexOf(part) >= 0, Encoding.UTF8.GetString(part)));
        Assert.True(spans.AsSpan().IndexOf("/health"u8) < 0);
    }

    private static async Task<WebApplication> CollectorAsync(ConcurrentBag<byte[]> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var collector = builder.Build();
        collector.Run(async http =>
        {
            var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            if (http.Request.Path == "/v1/traces") received.Add(body.ToArray());
        });
        await collector.StartAsync();
        return collector;
    }
}
