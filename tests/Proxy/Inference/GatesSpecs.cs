using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Routing;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>All gates together: requests go where the routing table says, also when it says what it said earlier, and who had a turn is not turned away.</summary>
public sealed class GatesSpecs
{
    private const string Body = """{"model":"any","messages":[]}""";

    /// <summary>Nothing of the endpoint is known any more by then, not even that it was deleted.</summary>
    [Fact]
    public async Task A_body_that_ends_long_after_its_endpoint_was_deleted_is_told_so()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        using var client = await RawClient.ConnectAsync(host);
        await client.WriteAsync(RawClient.Head(Body.Length, headers: "Expect: 100-continue\r\n"));
        await client.UntilAsync("HTTP/1.1 100 "); // Its body is waited for.
        host.Is(EndpointStatus.Deleted);
        host.Table.Apply(Snapshot(position: 100));
        Assert.False(host.Table.TryGet(InferenceHost.Id, out _));

        await client.WriteAsync(Body);
        await client.UntilAsync("endpoint_deleted");
        Assert.Contains("HTTP/1.1 404 ", client.Seen);
    }

    [Fact]
    public async Task When_the_log_went_back_requests_go_to_the_nodes_of_the_earlier_state()
    {
        await using var earlier = ScriptedNode.Answering(ScriptedNode.Json);
        await using var host = await InferenceHost.StartAsync();
        for (var i = 0; i < 5; i++) host.Is(EndpointStatus.Up, host.Node("later"));
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
        host.Table.Apply(Snapshot(position: 0, Some.Endpoint(InferenceHost.Id, EndpointStatus.Up, host.Node("earlier", address: earlier.Address))));
        Assert.Equal((200, 1), ((await host.SendAsync(InferenceHost.Request()).WaitAsync(TimeSpan.FromSeconds(20))).Status, earlier.Requests));
    }

    [Fact]
    public async Task What_is_held_when_the_log_goes_back_is_served_by_the_nodes_of_the_earlier_state()
    {
        await using var host = await InferenceHost.StartAsync();
        for (var i = 0; i < 5; i++) host.Is(EndpointStatus.Waking);
        var held = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => host.Gates.Waiting == 1);
        host.Table.Apply(Snapshot(position: 0, Some.Endpoint(InferenceHost.Id, EndpointStatus.Up, host.Node("earlier"))));
        Assert.Equal(200, (await held.WaitAsync(TimeSpan.FromSeconds(20))).Status);
    }

    [Fact]
    public async Task Who_had_a_turn_is_held_again_although_the_line_has_filled_meanwhile()
    {
        await using var host = await InferenceHost.StartAsync(maxPerEndpoint: 1);
        host.Is(EndpointStatus.Waking);
        Assert.True(host.Table.TryGet(InferenceHost.Id, out var endpoint));
        Assert.NotNull(host.Gates.PassOrEnter(await CallAsync(endpoint), again: false, out _));
        Assert.Null(host.Gates.PassOrEnter(await CallAsync(endpoint), again: false, out var full));
        Assert.Equal("endpoint_queue_full", full.Error?.Code);
        Assert.NotNull(host.Gates.PassOrEnter(await CallAsync(endpoint), again: true, out _));
    }

    private static RoutingSnapshot Snapshot(long position, params EndpointState[] endpoints) =>
        new(position, [.. endpoints.Select(e => new VersionedEndpoint(1, e))], [new(1, Some.Account("acct-000000000001", InferenceHost.Key))]);

    private static async Task<InferenceCall> CallAsync(RoutedEndpoint endpoint)
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream("{}"u8.ToArray()), ContentType = "application/json", ContentLength = 2 } };
        var (body, _) = await RequestBody.ReadAsync(http, endpoint, countsTokens: true, new BodyRoom(new()));
        return new(http, endpoint, InferencePath.All[0], body!, arrivedAt: 0) { Hold = TimeSpan.FromSeconds(60) };
    }
}
