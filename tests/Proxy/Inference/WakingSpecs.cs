using Hypervize.Contracts;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>Requests that are held, not refused, over real HTTP.</summary>
public sealed class WakingSpecs
{
    private static readonly Failure Failure = new(FailureCode.StartExited, "It ended before it was ready.", null);

    [Fact]
    public async Task Two_hundred_requests_at_once_wake_a_sleeping_endpoint_once_and_are_all_served()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Hibernated);
        host.OnWake = () => host.Is(EndpointStatus.Waking);
        var calls = Enumerable.Range(0, 200).Select(_ => host.SendAsync(InferenceHost.Request())).ToList();
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 200 && host.Table.TryGet(InferenceHost.Id, out var it) && it.State.Status == EndpointStatus.Waking);
        host.Is(EndpointStatus.Up, host.Node());
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(200, answer.Status));
        Assert.Single(host.Wakes);
    }

    [Fact]
    public async Task A_wake_is_asked_for_again_until_the_read_model_shows_it()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Hibernated);
        var call = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => host.Wakes.Count >= 3);
        host.Is(EndpointStatus.Up, host.Node());
        Assert.Equal(200, (await call).Status);
    }

    [Fact]
    public async Task A_hold_that_runs_out_says_when_to_try_again()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Waking);
        var answer = await host.SendAsync(InferenceHost.Request(prefer: "wait=1"));
        Assert.Equal((503, "endpoint_waking", true), (answer.Status, InferenceHost.CodeOf(answer.Body), answer.Response.Headers.RetryAfter is not null));
    }

    [Fact]
    public async Task A_hold_is_one_hold_however_often_nodes_turn_the_request_away()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node(address: "http://127.0.0.1:1")); // Nobody listens there.
        var sent = System.Diagnostics.Stopwatch.GetTimestamp();
        var answer = await host.SendAsync(InferenceHost.Request(prefer: "wait=2"));
        Assert.Equal(503, answer.Status);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(sent).TotalSeconds, 1.9, 2.9);
    }

    [Fact]
    public async Task A_preference_for_a_hold_is_confirmed()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        var answer = await host.SendAsync(InferenceHost.Request(prefer: "respond-async, wait=7"));
        Assert.Equal("wait=7", answer.Response.Headers.GetValues("Preference-Applied").Single());
    }

    [Fact]
    public async Task A_request_that_is_not_held_confirms_no_hold()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Building);
        var answer = await host.SendAsync(InferenceHost.Request(prefer: "wait=7"));
        Assert.Equal((503, false), (answer.Status, answer.Response.Headers.Contains("Preference-Applied")));
    }

    [Fact]
    public async Task A_full_line_is_said_to_be_full()
    {
        await using var host = await InferenceHost.StartAsync(maxPerEndpoint: 1);
        host.Is(EndpointStatus.Waking);
        var held = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 1);
        Assert.Equal("endpoint_queue_full", InferenceHost.CodeOf((await host.SendAsync(InferenceHost.Request())).Body));
        host.Is(EndpointStatus.Up, host.Node());
        Assert.Equal(200, (await held).Status);
    }

    [Fact]
    public async Task When_the_start_fails_every_waiter_gets_the_typed_cause_at_once()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Waking);
        var calls = Enumerable.Range(0, 3).Select(_ => host.SendAsync(InferenceHost.Request())).ToList();
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 3);
        host.Is(Some.Endpoint(InferenceHost.Id, EndpointStatus.Failed) with { Failure = Failure });
        Assert.All(await Task.WhenAll(calls), answer => Assert.Contains("start_exited", answer.Body));
    }

    [Fact]
    public async Task A_stream_that_waits_is_kept_alive_and_then_served()
    {
        await using var host = await InferenceHost.StartAsync(heartbeatSeconds: 0.1);
        host.OnNode = async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
        };
        host.Is(EndpointStatus.Waking);
        using var response = await host.Client.SendAsync(InferenceHost.Request("""{"stream":true}"""), HttpCompletionOption.ResponseHeadersRead);
        host.Is(EndpointStatus.Up, host.Node());
        var body = await response.Content.ReadAsStringAsync();
        Assert.StartsWith(": waking\n\n", body);
        Assert.Matches(": x-hypervize-wake: held=[0-9]+\n\ndata: 1\n\n$", body);
    }

    [Fact]
    public async Task A_stream_that_was_kept_alive_ends_with_the_cause_when_the_start_fails()
    {
        await using var host = await InferenceHost.StartAsync(heartbeatSeconds: 0.1);
        host.Is(EndpointStatus.Waking);
        using var response = await host.Client.SendAsync(InferenceHost.Request("""{"stream":true}"""), HttpCompletionOption.ResponseHeadersRead);
        host.Is(Some.Endpoint(InferenceHost.Id, EndpointStatus.Failed) with { Failure = Failure });
        Assert.Contains("endpoint_failed", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_client_that_goes_stops_waiting()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Waking);
        using var gone = new CancellationTokenSource();
        var call = host.Client.SendAsync(InferenceHost.Request(), gone.Token);
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 1);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 0);
    }

    [Fact]
    public async Task An_endpoint_that_is_up_without_a_node_holds_too()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up);
        var call = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 1);
        host.Is(EndpointStatus.Up, host.Node());
        Assert.Equal(200, (await call).Status);
    }

    [Fact]
    public async Task A_draining_node_finishes_its_stream_and_gets_nothing_new()
    {
        await using var host = await InferenceHost.StartAsync();
        var (first, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.OnNode = async http =>
        {
            await http.Response.WriteAsync("a");
            await http.Response.Body.FlushAsync();
            first.TrySetResult();
            await end.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await http.Response.WriteAsync("b");
        };
        host.Is(EndpointStatus.Up, host.Node());
        var streaming = host.SendAsync(InferenceHost.Request());
        await first.Task.WaitAsync(TimeSpan.FromSeconds(20));
        host.Is(EndpointStatus.Up, host.Node(status: NodeStatus.Draining));
        var late = host.SendAsync(InferenceHost.Request());
        await InferenceHost.EventuallyAsync(() => Waiting(host) == 1);
        end.SetResult();
        Assert.Equal("ab", (await streaming).Body);
        host.OnNode = InferenceHost.EchoAsync;
        host.Is(EndpointStatus.Up, host.Node("node-2"));
        Assert.Equal(200, (await late).Status);
    }

    private static int Waiting(InferenceHost host) => host.Meter.Take(host.Table).FirstOrDefault(t => t.EndpointId == InferenceHost.Id)?.Waiting ?? 0;
}
