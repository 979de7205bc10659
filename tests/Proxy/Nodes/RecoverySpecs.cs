using System.Diagnostics;
using Hypervize.Contracts;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Nodes that fail and come back, and nodes that leave in order.</summary>
public sealed class RecoverySpecs
{
    [Fact]
    public async Task A_node_that_refused_connections_serves_within_a_second_of_listening_again()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.WriteAndCloseAsync(ScriptedNode.Json));
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        node.StopListening();
        var held = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => host.Gates.Waiting == 1);
        await Task.Delay(300); // Several probes fail.
        node.ListenAgain();
        var again = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await held).Status);
        Assert.InRange(Stopwatch.GetElapsedTime(again), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
    }

    [Fact]
    public async Task A_node_that_failed_once_is_asked_and_served_from_again()
    {
        var fails = true;
        await using var node = ScriptedNode.Start(exchange =>
        {
            if (!fails) return exchange.WriteAsync(ScriptedNode.Json);
            exchange.Reset();
            return Task.CompletedTask;
        });
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal(502, (await host.SendAsync(InferenceHost.Request())).Status);
        fails = false;
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        Assert.Equal(1, node.Probes);
    }

    /// <summary>Where a node sends others may be a place that only we can reach.</summary>
    [Fact]
    public async Task A_failed_node_that_sends_who_asks_it_elsewhere_is_not_followed_and_not_back()
    {
        await using var elsewhere = ScriptedNode.Answering(ScriptedNode.Json);
        await using var node = ScriptedNode.Start(exchange =>
        {
            exchange.Reset();
            return Task.CompletedTask;
        });
        var healthy = node.ProbeAnswer;
        node.ProbeAnswer = $"HTTP/1.1 302 Found\r\nLocation: {elsewhere.Address}/internal/secret\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        await using var host = await InferenceHost.InFrontOfAsync(node);
        Assert.Equal(502, (await host.SendAsync(InferenceHost.Request())).Status);
        var held = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => node.Probes >= 2);
        Assert.Equal((0, 1), (elsewhere.Connections, host.Gates.Waiting));

        (node.OnRequest, node.ProbeAnswer) = (exchange => exchange.WriteAsync(ScriptedNode.Json), healthy);
        Assert.Equal(200, (await held).Status);
    }

    [Fact]
    public async Task Two_hundred_streams_are_not_cut_while_four_nodes_drain_to_one()
    {
        var end = new TaskCompletionSource();
        Task ServeAsync(NodeExchange exchange) => StreamAsync(exchange, end.Task);
        var nodes = Enumerable.Range(0, 4).Select(_ => ScriptedNode.Start(ServeAsync)).ToList();
        await using var host = await InferenceHost.StartAsync();
        var state = Some.Endpoint(InferenceHost.Id, EndpointStatus.Up);
        state = state with { Settings = state.Settings with { Scaling = state.Settings.Scaling with { Max = 4, Concurrency = 64 } } };
        EndpointNode Node(int i, NodeStatus status) => host.Node($"node-{i}", status, nodes[i].Address);
        host.Is(state with { Nodes = [.. Enumerable.Range(0, 4).Select(i => Node(i, NodeStatus.Ready))] });

        var streams = Enumerable.Range(0, 200).Select(_ => host.SendAsync(InferenceHost.Request("""{"stream":true}"""))).ToList();
        await InferenceHost.EventuallyAsync(() => nodes.Sum(n => n.Requests) == 200);
        Assert.All(nodes, node => Assert.InRange(node.Requests, 40, 60));

        for (var left = 3; left > 0; left--)
        {
            host.Is(state with { Nodes = [.. Enumerable.Range(0, 4).Select(i => Node(i, i < left ? NodeStatus.Ready : NodeStatus.Draining))] });
            var late = host.SendAsync(InferenceHost.Request("""{"short":true}"""));
            Assert.Equal(200, (await late).Status);
        }
        Assert.Equal(203, nodes.Sum(n => n.Requests));
        end.SetResult();
        Assert.All(await Task.WhenAll(streams), answer => Assert.Equal((200, "data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"), (answer.Status, answer.Body)));

        // Only who is idle leaves.
        host.Is(state with { Nodes = [Node(0, NodeStatus.Ready)] });
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request("""{"short":true}"""))).Status);
        foreach (var node in nodes) await node.DisposeAsync();
    }

    private static async Task StreamAsync(NodeExchange exchange, Task end)
    {
        if (exchange.Body.Contains("short", StringComparison.Ordinal))
        {
            await exchange.WriteAsync(ScriptedNode.Json);
            return;
        }
        await exchange.WriteAsync($"{ScriptedNode.Events}{ScriptedNode.Chunk("data: 1\n\ndata: ")}");
        await end;
        await exchange.WriteAsync($"{ScriptedNode.Chunk("2\n\ndata: [DONE]\n\n")}0\r\n\r\n");
    }
}
