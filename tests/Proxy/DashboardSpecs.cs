using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Hypervize.Hosting;

namespace Hypervize.Proxy.Tests;

/// <summary>The way from a browser to the dashboard.</summary>
public sealed class DashboardSpecs(DashboardSpecs.Running running) : IClassFixture<DashboardSpecs.Running>
{
    private readonly ProxyProcess _proxy = running.Proxy;

    [Theory, InlineData("/dashboard"), InlineData("/dashboard/"), InlineData("/dashboard/endpoints/endpt-000000000001?tab=logs")]
    public async Task A_browser_comes_there_without_a_key_by_the_same_path(string path) => Assert.Equal(path, (await SeenAsync(await _proxy.GetAsync(path))).Path);

    [Fact]
    public async Task What_a_browser_says_is_passed_and_its_cookies_come_and_go()
    {
        var said = new Dictionary<string, string>
        {
            ["Cookie"] = "session=1; theme=dark", ["Origin"] = "http://localhost:8080", ["Referer"] = "http://localhost:8080/dashboard", ["Cache-Control"] = "no-cache",
            ["If-Modified-Since"] = "Mon, 02 Nov 2026 12:00:00 GMT", ["X-Requested-With"] = "XMLHttpRequest", ["RequestVerificationToken"] = "token",
            ["Sec-Fetch-Site"] = "same-origin", ["Sec-Fetch-Mode"] = "cors", ["Sec-Fetch-Dest"] = "empty", ["Sec-Fetch-User"] = "?1", ["Accept-Language"] = "de",
        };
        var request = new HttpRequestMessage(HttpMethod.Post, "/dashboard/sign-in") { Content = new StringContent("key=x") };
        foreach (var (name, value) in said) request.Headers.Add(name, value);
        using var answer = await _proxy.Client.SendAsync(request);
        var seen = await SeenAsync(answer);
        Assert.Equal(("POST", "key=x"), (seen.Method, seen.Body));
        Assert.Equal(said, said.Keys.ToDictionary(name => name, name => seen.Headers.GetValueOrDefault(name) ?? ""));
        Assert.Equal("session=1; path=/dashboard; httponly", Assert.Single(answer.Headers.GetValues("Set-Cookie")));
    }

    [Fact]
    public async Task Credentials_pass_as_they_came_since_a_link_is_asked_for_with_a_key()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/dashboard/links") { Headers = { { "x-api-key", running.Key } } };
        request.Headers.Authorization = new("Bearer", running.Key);
        var seen = await SeenAsync(await _proxy.Client.SendAsync(request));
        Assert.Equal((running.Key, $"Bearer {running.Key}"), (seen.Headers["x-api-key"], seen.Headers["Authorization"]));
    }

    [Fact]
    public async Task Where_a_browser_came_from_is_said_by_the_proxy_and_nobody_else()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard") { Headers = { Host = "hypervize.example:8080" } };
        foreach (var (name, value) in new[]
        {
            ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Prefix", "/evil"), ("Forwarded", "host=evil.example"),
            ("X-Original-URL", "/evil"), ("X-Forwarded-User", "root"),
        }) request.Headers.Add(name, value);
        var seen = await SeenAsync(await _proxy.Client.SendAsync(request));
        Assert.Equal(("hypervize.example:8080", "http", "127.0.0.1"), (seen.Headers["X-Forwarded-Host"], seen.Headers["X-Forwarded-Proto"], seen.Headers["X-Forwarded-For"]));
        Assert.All(["X-Forwarded-Prefix", "Forwarded", "X-Original-URL", "X-Forwarded-User"], name => Assert.DoesNotContain(name, seen.Headers.Keys));
    }

    [Fact]
    public async Task A_WebSocket_passes_both_ways()
    {
        using var socket = await ConnectAsync(_proxy);
        Assert.Equal("blazorpack", socket.SubProtocol);
        foreach (var word in (string[])["hello", "again"]) Assert.Equal(word, await SayAsync(socket, word));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    [Fact]
    public async Task What_is_too_large_is_refused() =>
        await RefusedAsync(await _proxy.Client.PostAsync("/dashboard/sign-in", new ByteArrayContent(new byte[5 * 1024 * 1024])), HttpStatusCode.RequestEntityTooLarge, "body_too_large");

    [Fact]
    public async Task All_other_ways_are_as_they_were()
    {
        await RefusedAsync(await _proxy.GetAsync("/v1/endpoints"), HttpStatusCode.Unauthorized, "key_missing");
        await RefusedAsync(await _proxy.GetAsync("/dashboards"), HttpStatusCode.NotFound, "not_found");
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/endpoints") { Headers = { { "x-api-key", running.Key }, { "Cookie", "session=1" }, { "Origin", "http://localhost:8080" } } };
        var seen = await SeenAsync(await _proxy.Client.SendAsync(request));
        Assert.Equal("endpoints", seen.Service);
        Assert.All(["x-api-key", "Cookie", "Origin"], name => Assert.DoesNotContain(name, seen.Headers.Keys));
    }

    [Fact]
    public async Task A_dashboard_that_is_down_is_named()
    {
        var proxy = await running.StartAsync(new("http://127.0.0.1:1"));
        var problem = await RefusedAsync(await proxy.GetAsync("/dashboard"), HttpStatusCode.ServiceUnavailable, "service_unavailable");
        Assert.Contains("The dashboard service", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    internal static async Task<ClientWebSocket> ConnectAsync(ProxyProcess proxy)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("blazorpack");
        await socket.ConnectAsync(new UriBuilder(new Uri(proxy.Client.BaseAddress!, "/dashboard/_blazor?id=1")) { Scheme = "ws" }.Uri, CancellationToken.None);
        return socket;
    }

    internal static async Task<string> SayAsync(ClientWebSocket socket, string word)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, (await socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None)).Count);
    }

    private static async Task<Seen> SeenAsync(HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Content.ReadFromJsonAsync<Seen>(Json.Options))!;
    }

    private static async Task<JsonElement> RefusedAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, code), (response.StatusCode, problem.GetProperty("code").GetString()));
        return problem;
    }

    /// <summary>A proxy in front of a dashboard for all of these.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private readonly Surroundings _around = new();
        private FakeDashboard _dashboard = null!;

        internal ProxyProcess Proxy { get; private set; } = null!;

        internal string Key { get; } = Some.NewKey();

        public async Task InitializeAsync()
        {
            await _around.InitializeAsync();
            _around.Give(new(1, [], [new(1, Some.Account(Some.NewId("acct"), Key))]));
            _dashboard = await FakeDashboard.StartAsync();
            Proxy = await StartAsync(_dashboard.Url);
        }

        public async Task DisposeAsync()
        {
            await _around.DisposeAsync();
            await _dashboard.DisposeAsync();
        }

        internal async Task<ProxyProcess> StartAsync(Uri dashboard)
        {
            var proxy = await _around.StartProxyAsync(dashboard: dashboard);
            await Eventually.TrueAsync(async () => (await proxy.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK, "it is ready");
            return proxy;
        }
    }
}
