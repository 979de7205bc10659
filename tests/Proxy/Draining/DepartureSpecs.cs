using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Draining;

/// <summary>Proxies that are told to stop, as processes of their own.</summary>
public sealed class DepartureSpecs : IAsyncLifetime
{
    private const int Tokens = 20;
    private readonly Surroundings _around = new();
    private readonly string _id = Some.NewId("endpt");
    private readonly string _asleep = Some.NewId("endpt");
    private readonly string _key = Some.NewKey();
    private FakeNode _node = null!;

    public async Task InitializeAsync()
    {
        await _around.InitializeAsync();
        _node = await FakeNode.StartAsync(StreamAsync);
        var account = Some.NewId("acct");
        var up = Some.Endpoint(_id, EndpointStatus.Up, Some.Node(Some.NewId("node")) with { Address = _node.Address }) with { AccountId = account };
        var asleep = Some.Endpoint(_asleep, EndpointStatus.Waking) with { AccountId = account };
        _around.Give(new(1, [new(1, asleep), new(1, up with { Settings = up.Settings with { Scaling = up.Settings.Scaling with { Concurrency = 1000 } } })], [new(1, Limited(Some.Account(account, _key)))]));
    }

    public async Task DisposeAsync()
    {
        await _around.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_proxy_that_is_told_to_stop_finishes_its_streams_and_takes_no_others()
    {
        var proxy = await StartAsync();
        using var response = await proxy.Client.SendAsync(Request(), HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var first = new byte[1024];
        var length = await stream.ReadAsync(first);

        var ended = proxy.TerminateAsync();
        using var rest = new StreamReader(stream);
        var whole = Encoding.UTF8.GetString(first, 0, length) + await rest.ReadToEndAsync();
        Assert.EndsWith("data: [DONE]\n\n", whole);
        Assert.Equal(Tokens, whole.Split("\"content\":\"x\"").Length - 1);

        await ended;
        await Assert.ThrowsAsync<HttpRequestException>(() => proxy.Client.SendAsync(Request()));
        await Eventually.TrueAsync(() => Reports().Any(r => r.Leaving), "it says goodbye");
        Assert.Equal(1, Counted());
    }

    [Fact]
    public async Task A_proxy_that_leaves_says_so_and_still_serves_who_has_not_heard()
    {
        var proxy = await StartAsync(lingerSeconds: 3);
        var ended = proxy.TerminateAsync();
        await Eventually.TrueAsync(async () => (await proxy.GetAsync("/health/ready")).StatusCode == HttpStatusCode.ServiceUnavailable, "it says that it leaves");
        using var response = await proxy.Client.SendAsync(Request());
        Assert.Equal((HttpStatusCode.OK, true), (response.StatusCode, response.Headers.ConnectionClose));
        await ended;
    }

    /// <summary>While a stream of somebody goes on, so that the proxy stays for long enough.</summary>
    [Fact]
    public async Task Who_is_connected_to_a_proxy_that_leaves_is_served_once_more_though_it_takes_no_others()
    {
        var proxy = await StartAsync();
        using var response = await proxy.Client.SendAsync(Request("long"), HttpCompletionOption.ResponseHeadersRead);
        using var connected = await proxy.ConnectAsync();
        var ended = proxy.TerminateAsync();
        await Eventually.TrueAsync(() => IsRefusedAsync(proxy), "it takes no more connections");

        await connected.GetStream().WriteAsync(Raw("{}"));
        var raw = await new StreamReader(connected.GetStream()).ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", raw);
        Assert.Contains("\r\nConnection: close\r\n", raw);

        Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync());
        using var next = await proxy.Client.SendAsync(Request());
        Assert.Equal((HttpStatusCode.OK, true), (next.StatusCode, next.Headers.ConnectionClose));
        await ended;
    }

    /// <summary>Nobody else sends anything: it would seem to have been silent for long enough.</summary>
    [Fact]
    public async Task Who_connected_last_to_a_proxy_that_leaves_is_served()
    {
        var proxy = await StartAsync();
        var last = await proxy.ConnectAsync();
        var ended = proxy.TerminateAsync();
        while (await TryConnectAsync(proxy) is { } next)
        {
            last.Dispose();
            last = next;
            await Task.Delay(5);
        }
        using (last)
        {
            await Task.Delay(300); // On its way.
            await last.GetStream().WriteAsync(Raw("{}"));
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", await new StreamReader(last.GetStream()).ReadToEndAsync());
        }
        await ended;
    }

    [Fact]
    public async Task A_proxy_with_nothing_to_finish_leaves_when_it_has_lingered()
    {
        var proxy = await StartAsync();
        var began = Stopwatch.GetTimestamp();
        await proxy.TerminateAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1, 20);
    }

    [Fact]
    public async Task What_a_proxy_can_not_finish_in_time_is_told_so()
    {
        var proxy = await StartAsync(finishSeconds: 1);
        using var response = await proxy.Client.SendAsync(Request("endless"), HttpCompletionOption.ResponseHeadersRead);
        var held = proxy.Client.SendAsync(Request(endpoint: _asleep));
        await Eventually.TrueAsync(() => _around.Broker.Reports.Any(r => r.Endpoints.Any(e => e is { Waiting: 1 } && e.EndpointId == _asleep)), "a request is held");
        var ended = proxy.TerminateAsync();
        Assert.EndsWith("\"code\":\"upstream_broken\"}}\n\n", await response.Content.ReadAsStringAsync());
        using var turnedAway = await held;
        Assert.Contains("\"code\":\"proxy_leaving\"", await turnedAway.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (turnedAway.StatusCode, turnedAway.Headers.RetryAfter?.Delta));
        await ended;
    }

    /// <summary>The answer had begun before the proxy was told to stop, and could not say that it ends its connection.</summary>
    [Fact]
    public async Task Who_sends_another_request_behind_an_answer_that_was_cut_is_told_so_too()
    {
        var proxy = await StartAsync(finishSeconds: 1);
        using var connected = await proxy.ConnectAsync();
        await using var stream = connected.GetStream();
        await stream.WriteAsync(Raw("""{"stream":true,"user":"endless"}"""));
        var (answer, buffer) = ("", new byte[4096]);
        for (Task? ended = null; !answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal); ended ??= proxy.TerminateAsync())
            answer += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
        Assert.Contains("\"code\":\"upstream_broken\"", answer);

        await stream.WriteAsync(Raw("{}"));
        var next = await new StreamReader(stream).ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 503 ", next);
        Assert.Contains("\r\nConnection: close\r\n", next);
        Assert.Contains("\"code\":\"proxy_leaving\"", next);
        await Eventually.TrueAsync(() => Reports().Any(r => r.Leaving), "it says goodbye");
        Assert.Equal([502, 503], Reports().SelectMany(r => r.Endpoints).SelectMany(e => e.Usage ?? []).SelectMany(u => u.Statuses.Keys).Order());
    }

    /// <summary>The key has limits, far from reached, of which a proxy that starts has its part by the time it is ready.</summary>
    [Fact]
    public async Task A_rolling_restart_of_two_proxies_under_load_loses_nothing_and_counts_everything()
    {
        var live = new ConcurrentDictionary<ProxyProcess, byte>();
        for (var i = 0; i < 2; i++) live.TryAdd(await StartAsync(), 0);
        using var stop = new CancellationTokenSource();
        var (served, failures) = (0, new ConcurrentQueue<string>());
        var clients = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            while (!stop.IsCancellationRequested)
            {
                var proxies = live.Keys.ToArray();
                try
                {
                    using var response = await proxies[random.Next(proxies.Length)].Client.SendAsync(Request());
                    var body = await response.Content.ReadAsStringAsync();
                    if (response.IsSuccessStatusCode && body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal)) Interlocked.Increment(ref served);
                    else failures.Enqueue($"{response.StatusCode}: {body}");
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    failures.Enqueue(e.ToString());
                }
            }
        })).ToArray();

        foreach (var old in live.Keys.ToArray())
        {
            await Task.Delay(500);
            var ended = old.TerminateAsync();
            // A load balancer that looks at its health.
            await Eventually.TrueAsync(async () => (await old.GetAsync("/health/ready")).StatusCode == HttpStatusCode.ServiceUnavailable, "it says that it leaves");
            live.TryRemove(old, out _);
            await ended;
            live.TryAdd(await StartAsync(), 0);
        }
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.Equal("", string.Join("\n", failures.Distinct()));
        await Eventually.TrueAsync(() => Counted() == served, "all are counted", () => $"{Counted()} of {served}");
    }

    private async Task<ProxyProcess> StartAsync(double lingerSeconds = 1, double finishSeconds = 300)
    {
        var proxy = await _around.StartProxyAsync(lingerSeconds: lingerSeconds, finishSeconds: finishSeconds);
        await Eventually.TrueAsync(async () => (await proxy.GetAsync("/health/ready")).IsSuccessStatusCode, "the proxy to be ready");
        return proxy;
    }

    private static async Task<bool> IsRefusedAsync(ProxyProcess proxy)
    {
        using var connection = await TryConnectAsync(proxy);
        return connection is null;
    }

    private static async Task<TcpClient?> TryConnectAsync(ProxyProcess proxy)
    {
        try
        {
            return await proxy.ConnectAsync();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static AccountState Limited(AccountState account) => account with { Keys = [.. account.Keys.Select(k => k with { Limits = new(RequestsPerMinute: 1_000_000, Concurrent: 1000) })] };

    // Proxies of other tests are on the same broker.
    private ProxyReport[] Reports()
    {
        ProxyReport[] all = [.. _around.Broker.Reports];
        var ours = all.Where(r => r.Endpoints.Any(e => e.EndpointId == _id || e.EndpointId == _asleep)).Select(r => r.ProxyId).ToHashSet();
        return [.. all.Where(r => ours.Contains(r.ProxyId))];
    }

    private int Counted() => Reports().DistinctBy(r => (r.ProxyId, r.Sequence)).SelectMany(r => r.Endpoints).Where(e => e.EndpointId == _id).SelectMany(e => e.Usage ?? []).Sum(u => u.Statuses[200]);

    private byte[] Raw(string body) => Encoding.ASCII.GetBytes(
        $"POST /api/d/{_id}/v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {_key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    private HttpRequestMessage Request(string user = "", string? endpoint = null) => new(HttpMethod.Post, $"/api/d/{endpoint ?? _id}/v1/chat/completions")
    {
        Content = new StringContent($$"""{"stream":true,"messages":[],"user":"{{user}}"}""", Encoding.UTF8, "application/json"), Headers = { Authorization = new("Bearer", _key) },
    };

    private static async Task StreamAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        var asked = await new StreamReader(http.Request.Body).ReadToEndAsync();
        var tokens = asked.Contains("endless", StringComparison.Ordinal) ? int.MaxValue : asked.Contains("long", StringComparison.Ordinal) ? 20 * Tokens : Tokens;
        for (var token = 0; token < tokens && !http.RequestAborted.IsCancellationRequested; token++)
        {
            await http.Response.WriteAsync("data: {\"model\":\"model\",\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n");
            await http.Response.Body.FlushAsync();
            await Task.Delay(20);
        }
        await http.Response.WriteAsync("data: [DONE]\n\n");
    }
}
