using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Hypervize.Proxy.FrontDoor;
using Hypervize.Proxy.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

/// <summary>Answers that go on and on, and what ends them.</summary>
public sealed class OpenRequestSpecs : IAsyncLifetime
{
    private readonly Surroundings _around = new();
    private readonly string _account = Some.NewId("acct");
    private readonly string _key = Some.NewKey();
    private readonly string _revoked = Some.NewKey();
    private FakeDashboard _dashboard = null!;

    public async Task InitializeAsync()
    {
        await _around.InitializeAsync();
        _around.Give(new(1, [], [new(1, Some.Account(_account, _key, _revoked))]));
        _dashboard = await FakeDashboard.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _around.DisposeAsync();
        await _dashboard.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_ends_when_its_key_is_revoked_and_others_go_on()
    {
        var proxy = await StartAsync();
        await using var ending = await StreamAsync(proxy, _revoked);
        await using var lasting = await StreamAsync(proxy, _key);
        var began = Stopwatch.GetTimestamp();
        await Eventually.TrueAsync(async () =>
        {
            await _around.Broker.PublishAsync(Some.Changed(Some.Account(_account, _key), version: 2, position: 2));
            return (await proxy.GetAsync("/v1/keys", _revoked)).StatusCode == HttpStatusCode.Unauthorized;
        }, "the key to be revoked");
        await UntilCutAsync(ending);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
        Assert.NotEqual(0, await lasting.ReadAsync(new byte[1024]));
    }

    [Fact]
    public async Task A_proxy_that_leaves_cuts_streams_and_WebSockets_and_finishes_the_rest()
    {
        var proxy = await StartAsync();
        await using var stream = await StreamAsync(proxy, _key);
        using var socket = await DashboardSpecs.ConnectAsync(proxy);
        Assert.Equal("hello", await DashboardSpecs.SayAsync(socket, "hello"));
        var slow = proxy.GetAsync("/v1/keys/slow", _key);
        var (began, ended) = (Stopwatch.GetTimestamp(), proxy.TerminateAsync());
        await UntilCutAsync(stream);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new ArraySegment<byte>(new byte[1]), CancellationToken.None));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1, 20);

        Assert.False(slow.IsCompleted || ended.IsCompleted);
        _around.Endpoints.Slow.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await slow).StatusCode);
        await ended;
    }

    [Fact]
    public async Task Streams_and_WebSockets_alone_do_not_keep_a_proxy_that_leaves()
    {
        var proxy = await StartAsync();
        await using var stream = await StreamAsync(proxy, _key);
        using var socket = await DashboardSpecs.ConnectAsync(proxy);
        var began = Stopwatch.GetTimestamp();
        await proxy.TerminateAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1, 30);
    }

    /// <summary>It may be the answer that tells of the revocation.</summary>
    [Fact]
    public async Task What_takes_a_moment_is_let_through_though_its_key_was_revoked()
    {
        var (time, ring) = (new FakeTimeProvider(), new KeyRing());
        using var open = new OpenRequests(ring, time);
        var (moment, stream) = (new Life(), new Life());
        var answered = new TaskCompletionSource();
        var serving = Task.WhenAll(ServeAsync(moment, ""), ServeAsync(stream, "text/event-stream"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(stream.IsOver);

        ring.Hold("acct-1", []);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((false, true), (moment.IsOver, stream.IsOver));
        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(moment.IsOver);

        answered.SetResult();
        await serving;

        Task ServeAsync(Life life, string accept)
        {
            ring.Hold("acct-1", [Some.Key(_key)]);
            Assert.True(ring.TryAuthenticate(_key, out var key));
            var context = new DefaultHttpContext { Request = { Headers = { Accept = accept } } };
            context.Features.Set<IHttpRequestLifetimeFeature>(life);
            return open.ServeAsync(context, key, _ => answered.Task);
        }
    }

    private async Task<ProxyProcess> StartAsync()
    {
        var proxy = await _around.StartProxyAsync(dashboard: _dashboard.Url);
        await Eventually.TrueAsync(async () => (await proxy.GetAsync("/health/ready")).IsSuccessStatusCode, "the proxy to be ready");
        return proxy;
    }

    // One that has begun.
    private static async Task<Stream> StreamAsync(ProxyProcess proxy, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/endpoints/watched") { Headers = { { "Accept", "text/event-stream" }, { "x-api-key", key } } };
        var answer = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var stream = await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        Assert.NotEqual(0, await stream.ReadAsync(new byte[1024]));
        return stream;
    }

    // Its end is none that could be taken for that of the whole answer.
    private static Task<IOException> UntilCutAsync(Stream stream) => Assert.ThrowsAnyAsync<IOException>(async () =>
    {
        while (await stream.ReadAsync(new byte[1024]).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) > 0)
        {
            // It goes on.
        }
    });

    private sealed class Life : IHttpRequestLifetimeFeature
    {
        public bool IsOver { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsOver = true;
    }
}
