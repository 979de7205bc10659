using Hypervize.Contracts;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>What a client is told that may not call now, over real HTTP.</summary>
public sealed class RefusalSpecs
{
    [Fact]
    public async Task An_endpoint_that_was_called_too_often_says_when_to_try_again()
    {
        await using var host = await InferenceHost.StartAsync();
        Limit(host, new(RequestsPerMinute: 1));
        var first = await host.SendAsync(InferenceHost.Request());
        var second = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((200, "0"), (first.Status, first.Response.Headers.GetValues("x-ratelimit-remaining-requests").Single()));
        Assert.Equal((429, "rate_limit_exceeded"), (second.Status, InferenceHost.CodeOf(second.Body)));
        Assert.InRange(second.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task A_request_that_ended_makes_room_for_the_next()
    {
        await using var host = await InferenceHost.StartAsync();
        Limit(host, new(Concurrent: 1));
        var (arrived, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.OnNode = async http =>
        {
            arrived.TrySetResult();
            await end.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await InferenceHost.EchoAsync(http);
        };
        var first = host.SendAsync(InferenceHost.Request());
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("concurrency_limit_exceeded", InferenceHost.CodeOf((await host.SendAsync(InferenceHost.Request())).Body));
        end.SetResult();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
    }

    [Fact]
    public async Task What_is_refused_wakes_nothing()
    {
        await using var host = await InferenceHost.StartAsync();
        Limit(host, new(Concurrent: 1), EndpointStatus.Hibernated);
        Spend(host, DateTimeOffset.UtcNow);
        Assert.Equal(402, (await host.SendAsync(InferenceHost.Request())).Status);
        Assert.Empty(host.Wakes);
    }

    [Fact]
    public async Task When_the_months_cap_is_reached_calls_are_refused_until_the_month_ends_or_the_cap_is_raised()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        Spend(host, DateTimeOffset.UtcNow);
        Assert.Equal("spend_cap_reached", InferenceHost.CodeOf((await host.SendAsync(InferenceHost.Request())).Body));
        host.Spending.Apply([new(3, new("acct-000000000001", 20, null))], 3);
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
    }

    [Fact]
    public async Task A_cap_that_was_reached_in_another_month_is_none_though_billing_has_not_said_so_yet()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        Spend(host, DateTimeOffset.UtcNow.AddDays(-40));
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
    }

    private static void Limit(InferenceHost host, EndpointLimits limits, EndpointStatus status = EndpointStatus.Up)
    {
        var state = status == EndpointStatus.Up ? Some.Endpoint(InferenceHost.Id, status, host.Node()) : Some.Endpoint(InferenceHost.Id, status);
        host.Is(state with { Settings = state.Settings with { Limits = limits } });
    }

    private static void Spend(InferenceHost host, DateTimeOffset at) => host.Spending.Apply([new(2, new("acct-000000000001", 10, new($"{at:yyyy-MM}", 10, 10.01m)))], 2);
}
