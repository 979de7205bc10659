using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Forwarding;

/// <summary>What large bodies may take of the proxy's memory, however slowly they come.</summary>
public sealed class BodyRoomSpecs
{
    private const int Bytes = 100_000;
    private static readonly string Body = $"{{\"image\":\"{new string('A', Bytes)}\"}}";
    private readonly BodyRoom _room = new(new() { MaxBytes = 1000 });

    [Fact]
    public void An_endpoint_has_no_more_than_half_of_it()
    {
        Assert.True(_room.TryTake("a", 500));
        Assert.False(_room.TryTake("a", 1));
        Assert.True(_room.TryTake("b", 400));
    }

    [Fact]
    public void All_have_no_more_than_there_is()
    {
        Assert.True(_room.TryTake("a", 500));
        Assert.True(_room.TryTake("b", 400));
        Assert.False(_room.TryTake("c", 101));
        Assert.True(_room.TryTake("c", 100));
    }

    [Fact]
    public void What_is_given_back_is_there_for_others()
    {
        Assert.True(_room.TryTake("a", 500));
        _room.Give("a", 300);
        Assert.True(_room.TryTake("a", 300));
        Assert.False(_room.TryTake("a", 1));
    }

    [Fact]
    public async Task A_body_that_finds_no_room_is_refused_and_one_that_was_sent_makes_room()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.StartAsync(mostOfBodies: 4 * Bytes);
        host.Is(Contracts.EndpointStatus.Up, host.Node(address: node.Address));
        using var slow = await RawClient.ConnectAsync(host);
        await slow.WriteAsync($"{RawClient.Head(Body.Length)}{Body[..^2]}");
        await Eventually.TrueAsync(() => host.Bodies.Taken > Bytes, "most of it has come");
        var refused = await host.SendAsync(InferenceHost.Request(Body));
        Assert.Equal((503, "proxy_full", TimeSpan.FromSeconds(1)), (refused.Status, InferenceHost.CodeOf(refused.Body), refused.Response.Headers.RetryAfter?.Delta));

        await slow.WriteAsync(Body[^2..]);
        await slow.UntilAsync("HTTP/1.1 200 ");
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request(Body))).Status);
    }

    [Fact]
    public async Task A_body_that_a_node_has_taken_takes_no_room_while_it_is_answered()
    {
        var answer = new TaskCompletionSource();
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await answer.Task;
            await exchange.WriteAsync(ScriptedNode.Json);
        });
        await using var host = await InferenceHost.StartAsync(mostOfBodies: 4 * Bytes);
        host.Is(Contracts.EndpointStatus.Up, host.Node(address: node.Address));
        var first = host.SendAsync(InferenceHost.Request(Body));
        await Eventually.TrueAsync(() => node.Requests == 1, "the node has it");
        var second = host.SendAsync(InferenceHost.Request(Body));
        await Eventually.TrueAsync(() => node.Requests == 2 || second.IsCompleted, "the node has that, too");
        answer.SetResult();
        Assert.Equal((200, 200), ((await first).Status, (await second).Status));
    }
}
