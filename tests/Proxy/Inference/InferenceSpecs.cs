using System.Text;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>Inference requests over real HTTP.</summary>
public sealed class InferenceSpecs
{
    [Theory]
    [InlineData("""{"model":"any","messages":[]}""", """{"model":"model","messages":[]}""")]
    [InlineData("""{"messages":[],"mod\u0065l":"any"}""", """{"messages":[],"mod\u0065l":"model"}""")]
    [InlineData("""{"messages":[{"model":"inner"}]}""", """{"model":"model","messages":[{"model":"inner"}]}""")]
    [InlineData("{}", """{"model":"model"}""")]
    public async Task The_nodes_own_model_name_goes_to_the_node_and_nothing_else_changes(string sent, string received)
    {
        await using var host = await UpAsync();
        Assert.Equal((200, received), (await host.SendAsync(InferenceHost.Request(sent))) switch { var (status, body, _) => (status, body) });
    }

    [Theory]
    [InlineData("""{"model":"a","model":"b"}""", "invalid_json", 400)]
    [InlineData("""{"model":3}""", "invalid_json", 400)]
    [InlineData("""{"messages":[""", "invalid_json", 400)]
    [InlineData("""[1]""", "invalid_json", 400)]
    [InlineData("""{} {}""", "invalid_json", 400)]
    public async Task A_body_that_is_wrong_is_refused_before_a_node_is_bothered(string body, string code, int status)
    {
        await using var host = await UpAsync();
        var answer = await host.SendAsync(InferenceHost.Request(body));
        Assert.Equal((status, code), (answer.Status, InferenceHost.CodeOf(answer.Body)));
    }

    [Fact]
    public async Task Headers_beyond_ASCII_pass_as_they_came()
    {
        await using var host = await UpAsync();
        string? received = null;
        host.OnNode = http =>
        {
            received = http.Request.Headers["x-name"];
            http.Response.Headers["x-name"] = received;
            return InferenceHost.EchoAsync(http);
        };
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1, ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1 })
        {
            BaseAddress = host.Client.BaseAddress,
        };
        var request = InferenceHost.Request();
        request.Headers.TryAddWithoutValidation("x-name", "Ren\u00e9");
        request.Headers.TryAddWithoutValidation("x-request-id", "\u00e9");
        using var answer = await client.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("Ren\u00e9", "Ren\u00e9"), (received, answer.Headers.GetValues("x-name").Single()));
        Assert.DoesNotContain("\u00e9", answer.Headers.GetValues("x-request-id").Single());
    }

    [Fact]
    public async Task What_is_announced_and_never_sent_takes_no_memory()
    {
        await using var host = await UpAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sockets = new List<System.Net.Sockets.TcpClient>();
        for (var i = 0; i < 20; i++)
        {
            var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /api/d/{InferenceHost.Id}/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {InferenceHost.Key}\r\nContent-Type: application/json\r\nContent-Length: 33000000\r\n\r\n{{"));
            sockets.Add(socket);
        }
        Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status); // All of them were taken before this one.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 100_000_000);
        sockets.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task A_depth_bomb_is_refused()
    {
        await using var host = await UpAsync();
        Assert.Equal(400, (await host.SendAsync(InferenceHost.Request($$"""{"a":{{new string('[', 5000)}}"""))).Status);
    }

    [Fact]
    public async Task A_body_of_30_MB_passes()
    {
        await using var host = await UpAsync();
        var image = new string('A', 30 * 1024 * 1024);
        var answer = await host.SendAsync(InferenceHost.Request($$"""{"image":"{{image}}"}"""));
        Assert.Equal((200, image.Length + """{"model":"model","image":""}""".Length), (answer.Status, answer.Body.Length));
    }

    [Fact]
    public async Task A_body_over_32_MB_is_refused()
    {
        await using var host = await UpAsync();
        Assert.Equal(413, (await host.SendAsync(InferenceHost.Request($$"""{"image":"{{new string('A', 33 * 1024 * 1024)}}"}"""))).Status);
    }

    [Theory]
    [InlineData("nothing", 401, "key_invalid")]
    [InlineData("", 401, "key_missing")]
    public async Task Without_a_good_key_a_private_endpoint_is_closed(string key, int status, string code)
    {
        await using var host = await UpAsync();
        var request = InferenceHost.Request();
        request.Headers.Authorization = key.Length == 0 ? null : new("Bearer", key);
        var answer = await host.SendAsync(request);
        Assert.Equal((status, code), (answer.Status, InferenceHost.CodeOf(answer.Body)));
    }

    [Fact]
    public async Task A_public_endpoint_needs_no_key()
    {
        await using var host = await InferenceHost.StartAsync();
        var state = Some.Endpoint(InferenceHost.Id, EndpointStatus.Up, host.Node());
        host.Is(state with { Settings = state.Settings with { Access = EndpointAccess.Public } });
        var request = InferenceHost.Request();
        request.Headers.Authorization = null;
        Assert.Equal(200, (await host.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Another_accounts_endpoint_looks_like_none()
    {
        await using var host = await UpAsync();
        host.Is(Some.Endpoint(InferenceHost.Id, EndpointStatus.Up, host.Node()) with { AccountId = "acct-000000000002" });
        Assert.Equal("endpoint_not_found", InferenceHost.CodeOf((await host.SendAsync(InferenceHost.Request())).Body));
    }

    [Theory]
    [InlineData(EndpointStatus.Building, 503, "endpoint_building")]
    [InlineData(EndpointStatus.Failed, 503, "endpoint_failed")]
    [InlineData(EndpointStatus.Disabled, 403, "endpoint_disabled")]
    [InlineData(EndpointStatus.Deleted, 404, "endpoint_deleted")]
    public async Task An_endpoint_that_is_not_callable_says_why(EndpointStatus status, int http, string code)
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(status);
        var answer = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((http, code), (answer.Status, InferenceHost.CodeOf(answer.Body)));
    }

    [Fact]
    public async Task The_callers_key_and_cookies_never_reach_a_node()
    {
        await using var host = await UpAsync();
        string? seen = null;
        host.OnNode = http =>
        {
            seen = string.Join(',', http.Request.Headers.Select(h => h.Key.ToLowerInvariant()));
            return InferenceHost.EchoAsync(http);
        };
        var request = InferenceHost.Request();
        request.Headers.Add("Cookie", "a=b");
        request.Headers.Add("x-api-key", InferenceHost.Key);
        await host.SendAsync(request);
        Assert.DoesNotContain(["authorization", "cookie", "x-api-key"], name => seen!.Split(',').Contains(name));
    }

    [Fact]
    public async Task A_nodes_cookies_and_name_never_reach_the_caller()
    {
        await using var host = await UpAsync();
        host.OnNode = http =>
        {
            http.Response.Headers.SetCookie = "a=b";
            http.Response.Headers.Server = "node";
            return InferenceHost.EchoAsync(http);
        };
        var (_, _, response) = await host.SendAsync(InferenceHost.Request());
        Assert.False(response.Headers.Contains("Set-Cookie") || response.Headers.Server.ToString().Contains("node"));
    }

    [Fact]
    public async Task A_chunk_arrives_before_the_next_is_made()
    {
        await using var host = await UpAsync();
        var next = new TaskCompletionSource();
        host.OnNode = async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
            await http.Response.Body.FlushAsync();
            await next.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await http.Response.WriteAsync("data: 2\n\n");
        };
        using var response = await host.Client.SendAsync(InferenceHost.Request(), HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64];
        Assert.Equal("data: 1\n\n", Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        next.SetResult();
        Assert.Equal("data: 2\n\n", Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
    }

    [Fact]
    public async Task When_the_client_goes_the_node_is_told()
    {
        await using var host = await UpAsync();
        var (arrived, told) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.OnNode = async http =>
        {
            http.RequestAborted.Register(() => told.TrySetResult());
            arrived.SetResult();
            await told.Task;
        };
        using var gone = new CancellationTokenSource();
        var call = host.Client.SendAsync(InferenceHost.Request(), gone.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await gone.CancelAsync();
        await told.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await InferenceHost.EventuallyAsync(() => host.Meter.InFlight(InferenceHost.Id, "node-1") == 0);
    }

    [Fact]
    public async Task A_node_that_refuses_the_connection_is_passed_over()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node("node-dead", address: "http://127.0.0.1:1"), host.Node("node-1"));
        for (var i = 0; i < 4; i++) Assert.Equal(200, (await host.SendAsync(InferenceHost.Request())).Status);
    }

    [Fact]
    public async Task A_request_that_reached_a_node_is_not_sent_twice()
    {
        await using var host = await UpAsync();
        var calls = 0;
        host.OnNode = http =>
        {
            if (HttpMethods.IsPost(http.Request.Method)) Interlocked.Increment(ref calls); // It is asked by GET whether it answers again.
            http.Abort();
            return Task.CompletedTask;
        };
        var answer = await host.SendAsync(InferenceHost.Request());
        Assert.Equal((502, "node_failed", 1), (answer.Status, InferenceHost.CodeOf(answer.Body), calls));
    }

    [Fact]
    public async Task A_stream_that_breaks_ends_with_an_error_event()
    {
        await using var host = await UpAsync();
        var breaks = new TaskCompletionSource();
        host.OnNode = async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
            await http.Response.Body.FlushAsync();
            await breaks.Task.WaitAsync(TimeSpan.FromSeconds(30));
            http.Abort();
        };
        using var response = await host.Client.SendAsync(InferenceHost.Request(), HttpCompletionOption.ResponseHeadersRead);
        breaks.SetResult();
        Assert.Contains("upstream_broken", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Models_are_listed_without_waking_anything()
    {
        await using var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Hibernated);
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/d/{InferenceHost.Id}/v1/models");
        request.Headers.Authorization = new("Bearer", InferenceHost.Key);
        Assert.Contains("\"model\"", (await host.SendAsync(request)).Body);
        Assert.Empty(host.Wakes);
    }

    private static async Task<InferenceHost> UpAsync()
    {
        var host = await InferenceHost.StartAsync();
        host.Is(EndpointStatus.Up, host.Node());
        return host;
    }
}
