using System.Diagnostics;
using Hypervize.Contracts;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Clients that leave, and nodes that are gone: nobody works or waits for nobody.</summary>
public sealed class LeavingClientSpecs
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_is_gone_and_no_failure_of_ours()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        for (var client = 0; client < 100; client++)
        {
            using var leaving = await RawClient.ConnectAsync(host);
            await leaving.WriteAsync(RawClient.Head(100).Replace("Host: x", "Host: x\r\nExpect: 100-continue", StringComparison.Ordinal));
            await leaving.UntilAsync("100 Continue"); // Its body is being read.
            await leaving.WriteAsync("{\"messages\":");
            leaving.Leave();
        }
        Assert.All(await host.StatusesAsync(100), status => Assert.Equal(KeyUsage.ClientGone, status));
    }

    /// <summary>What the node has said by the time the client leaves, and the request.</summary>
    [Theory]
    [InlineData("", "{}")]
    [InlineData("", """{"stream":true}""")]
    [InlineData(ScriptedNode.Events, """{"stream":true}""")]
    [InlineData($"{ScriptedNode.Events}9\r\ndata: 1\n\n\r\n", """{"stream":true}""")]
    [InlineData($"{ScriptedNode.Events}4\r\ndata\r\n", """{"stream":true}""")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"model\":\"model\"", "{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":", "{}")]
    public async Task When_a_client_leaves_its_node_sees_it_within_100_ms(string said, string request)
    {
        var (asked, cut) = (new TaskCompletionSource(), new TaskCompletionSource<long>());
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(said);
            asked.TrySetResult();
            cut.TrySetResult(await exchange.CutAsync());
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        using var client = await RawClient.SendAsync(host, request);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        if (said.Contains("data: 1", StringComparison.Ordinal)) await client.UntilAsync("data: 1");
        await Task.Delay(50); // What was said has arrived.

        var left = client.Leave();
        Assert.InRange(Stopwatch.GetElapsedTime(left, await cut.Task.WaitAsync(TimeSpan.FromSeconds(20))), TimeSpan.Zero, Soon);
        await InferenceHost.EventuallyAsync(() => host.Meter.InFlight(InferenceHost.Id, "node-1") == 0);
        Assert.Equal(KeyUsage.ClientGone, Assert.Single(await host.StatusesAsync(1)));
    }

    [Fact]
    public async Task When_a_client_leaves_that_is_held_it_leaves_the_line_and_no_node_hears_of_it()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Waking);
        using var client = await RawClient.SendAsync(host, "{}");
        await InferenceHost.EventuallyAsync(() => host.Gates.Waiting == 1);
        var left = client.Leave();
        while (host.Gates.Waiting > 0) await Task.Delay(1);
        Assert.InRange(Stopwatch.GetElapsedTime(left), TimeSpan.Zero, Soon);

        host.Is(EndpointStatus.Up, host.Node(address: node.Address));
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        Assert.Equal(1, node.Requests);
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_make_its_node_suspect()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.Body.Contains("wait", StringComparison.Ordinal) ? exchange.CutAsync() : exchange.WriteAsync(ScriptedNode.Json));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        for (var i = 0; i < 20; i++)
        {
            using var client = await RawClient.SendAsync(host, """{"wait":true}""");
            await InferenceHost.EventuallyAsync(() => node.Requests == 2 * i + 1);
            client.Leave();
            Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        }
        Assert.Equal(0, node.Probes);
    }

    [Theory]
    [InlineData("{}", "", 502)]
    [InlineData("""{"stream":true}""", "", 502)]
    [InlineData("""{"stream":true}""", $"{ScriptedNode.Events}9\r\ndata: 1\n\n\r\n", 200)]
    public async Task When_a_hung_node_is_gone_from_the_read_model_what_waits_for_it_ends_at_once(string request, string said, int status)
    {
        var asked = new TaskCompletionSource();
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(said);
            asked.TrySetResult();
            await exchange.CutAsync();
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        var waiting = host.SendAsync(InferenceHost.Request(request));
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);

        var gone = Stopwatch.GetTimestamp();
        host.Is(EndpointStatus.Up);
        var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(Stopwatch.GetElapsedTime(gone), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(status, answer.Status);
        Assert.Contains(status == 200 ? "upstream_broken" : "node_failed", answer.Body);
    }

    [Fact]
    public async Task A_stream_that_was_kept_alive_ends_with_an_event_when_its_node_is_gone()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.CutAsync());
        await using var host = await InferenceHost.InFrontOfAsync(node, heartbeatSeconds: 0.1);
        using var client = await RawClient.SendAsync(host, """{"stream":true}""");
        await client.UntilAsync(": working\n\n");
        host.Is(EndpointStatus.Up);
        Assert.Contains("node_failed", await client.ToEndAsync());
    }
}
