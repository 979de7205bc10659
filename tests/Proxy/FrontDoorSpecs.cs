using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Proxy.Tests;

/// <summary>The way from a client to the services.</summary>
public sealed class FrontDoorSpecs(FrontDoorSpecs.Running running) : IClassFixture<FrontDoorSpecs.Running>
{
    private readonly ProxyProcess _proxy = running.Proxy;
    private readonly Surroundings _around = running.Around;
    private readonly string _key = running.Key;

    [Theory]
    [InlineData("/v1/endpoints", "endpoints")]
    [InlineData("/v1/endpoints?status=up&limit=5", "endpoints")]
    [InlineData("/v1/endpoints/endpt-000000000001/events", "endpoints")]
    [InlineData("/v1/endpoints/endpt-000000000001/logs?tail=5", "provisioner")]
    [InlineData("/v1/endpoints/endpt-000000000001/logs/more", "endpoints")]
    [InlineData("/v1/keys", "endpoints")]
    [InlineData("/v1/accounts/acct-000000000001", "endpoints")]
    [InlineData("/v1/hardware", "endpoints")]
    [InlineData("/v1/identity", "endpoints")]
    [InlineData("/api/provision", "endpoints")]
    [InlineData("/v1/operations/endpoints/errors", "endpoints")]
    [InlineData("/v1/operations/provisioner/errors", "provisioner")]
    public async Task A_request_reaches_its_service_with_a_signed_identity_in_place_of_the_key(string path, string service)
    {
        var seen = await SeenAsync(await _proxy.GetAsync(path, _key));
        Assert.Equal((service, path, _key[..13], running.Account), (seen.Service, seen.Path, seen.Caller, seen.Account));
        Assert.DoesNotContain(seen.Headers.Values, v => v.Contains(_key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_client_says_of_itself_stays_outside()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/endpoints")
        {
            Content = JsonContent.Create(new { name = "x" }),
            Headers =
            {
                { "x-api-key", _key }, { "Cookie", "session=1" }, { "X-Forwarded-User", "root" }, { "X-Forwarded-For", "10.0.0.1" }, { "Forwarded", "for=10.0.0.1" },
                { "X-Original-URL", "/internal/routing" }, { "X-Remote-User", "root" }, { "Idempotency-Key", "k1" }, { "If-Match", "\"3\"" }, { "User-Agent", "test/1" },
            },
        };
        var seen = await SeenAsync(await _proxy.Client.SendAsync(request));
        Assert.Equal("""{"name":"x"}""", seen.Body);
        Assert.Equal(("k1", "\"3\"", "test/1", "127.0.0.1"), (seen.Headers["Idempotency-Key"], seen.Headers["If-Match"], seen.Headers["User-Agent"], seen.Headers["X-Forwarded-For"]));
        Assert.All(["x-api-key", "Cookie", "X-Forwarded-User", "Forwarded", "X-Original-URL", "X-Remote-User"], h => Assert.DoesNotContain(h, seen.Headers.Keys));
    }

    [Fact]
    public async Task A_signed_identity_is_no_key()
    {
        var forged = new IdentityIssuer(new IdentitySettings { SigningKey = _around.Identities.SigningKey }, TimeProvider.System).Issue(new Caller("endpoints", null, []));
        await RefusedAsync(await _proxy.GetAsync("/v1/endpoints", forged), HttpStatusCode.Unauthorized, "key_invalid");
    }

    [Fact]
    public async Task Without_a_key_it_says_how_to_send_one()
    {
        var response = await _proxy.GetAsync("/v1/endpoints");
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        await RefusedAsync(response, HttpStatusCode.Unauthorized, "key_missing");
    }

    [Fact]
    public async Task The_description_of_the_interface_is_open_to_all_and_shows_no_identity()
    {
        Assert.DoesNotContain("Authorization", (await SeenAsync(await _proxy.GetAsync("/openapi/v1.json"))).Headers.Keys);
        Assert.DoesNotContain("Authorization", (await SeenAsync(await _proxy.GetAsync("/openapi/v1.json", _key))).Headers.Keys);
    }

    [Theory]
    [InlineData("/nothing"), InlineData("/v1"), InlineData("/v1/unknown"), InlineData("/api/provision/x"), InlineData("/v1/operations/proxy/errors"), InlineData("/"), InlineData("/dashboard"), InlineData("/dashboard/endpoints")]
    public async Task What_is_nobodys_is_not_found(string path) => await RefusedAsync(await _proxy.GetAsync(path, _key), HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task A_browser_is_not_sent_to_a_dashboard_that_is_not_there()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "Accept", "text/html" } } };
        await RefusedAsync(await _proxy.Client.SendAsync(request), HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("/v1/billing/usage", "billing"), InlineData("/v1/operations/billing/errors", "billing"), InlineData("/v1/operations/autoscaler/errors", "autoscaler"), InlineData("/v1/traffic?account=acct-000000000001", "autoscaler")]
    public async Task A_service_that_is_down_is_named(string path, string service)
    {
        var problem = await RefusedAsync(await _proxy.GetAsync(path, _key), HttpStatusCode.ServiceUnavailable, "service_unavailable");
        Assert.Contains($"The {service} service", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/internal/routing"), InlineData("/INTERNAL/routing"), InlineData("/%69nternal/routing"), InlineData("/%2569nternal/routing"), InlineData("//internal/routing")]
    [InlineData("/./internal/routing"), InlineData("/v1/../internal/routing"), InlineData("/v1/endpoints/../../internal/routing")]
    [InlineData("/v1/endpoints/%2e%2e/%2e%2e/internal/routing"), InlineData("/v1/endpoints/..%2f..%2finternal/routing")]
    [InlineData("/v1/endpoints/%252e%252e/%252e%252e/internal/routing"), InlineData(@"/v1/endpoints/..\..\internal/routing")]
    [InlineData("/v1/endpoints/%5c..%5c..%5cinternal/routing"), InlineData("/v1/endpoints/..;/..;/internal/routing"), InlineData("/openapi/../internal/routing")]
    [InlineData("/openapi/%2e%2e/internal/routing"), InlineData("/openapi//../../internal/routing"), InlineData("http://endpoints/internal/routing")]
    [InlineData("/internal/read-model"), InlineData("/Internal/Read-Model")]
    public async Task What_is_internal_can_not_be_reached(string target)
    {
        var status = await SendRawAsync(target);
        Assert.True(status is 200 or 400 or 404, $"{target}: {status}");
        // Where a service answered, it was under the public path, as the service itself reads it.
        var seen = _around.Endpoints.Requests.Concat(_around.Provisioner.Requests).Select(r => r.Path).ToArray();
        Assert.All(seen, path => Assert.Matches("^/(v1|api|openapi)/[a-z]", path));
        Assert.DoesNotContain(seen, path => path.Contains("/../", StringComparison.Ordinal) || path.Contains("//", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_internal_address_asks_for_a_services_identity() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await _proxy.GetInternalAsync("/internal/read-model")).StatusCode);

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_body_that_is_too_large_is_refused(bool withLength)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/endpoints") { Content = new ByteArrayContent(new byte[200 * 1024]), Headers = { { "x-api-key", _key } } };
        request.Headers.TransferEncodingChunked = !withLength;
        await RefusedAsync(await _proxy.Client.SendAsync(request), HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    [Fact]
    public async Task A_body_of_the_size_that_services_take_passes()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/endpoints") { Content = new StringContent(new string('x', 64 * 1024)), Headers = { { "x-api-key", _key } } };
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(64 * 1024, (await SeenAsync(await _proxy.Client.SendAsync(request))).Body.Length);
    }

    [Fact]
    public async Task Redirects_are_the_clients_and_cookies_are_kept_for_nobody()
    {
        var response = await _proxy.GetAsync("/v1/keys/redirect", _key);
        Assert.Equal((HttpStatusCode.Redirect, "http://127.0.0.1:1/elsewhere"), (response.StatusCode, response.Headers.Location!.ToString()));
        Assert.DoesNotContain("Cookie", (await SeenAsync(await _proxy.GetAsync("/v1/keys", _key))).Headers.Keys);
    }

    [Fact]
    public async Task A_stream_of_events_passes_as_it_comes()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/keys/stream") { Headers = { { "x-api-key", _key }, { "Accept", "text/event-stream" }, { "Last-Event-ID", "7" } } };
        using var answer = await _proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("id: 8", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        _around.Endpoints.GoOn.SetResult();
        Assert.Equal("\nid: 9\n\n", await reader.ReadToEndAsync());
    }

    private static async Task<Seen> SeenAsync(HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Content.ReadFromJsonAsync<Seen>(Json.Options))!;
    }

    private static async Task<JsonElement> RefusedAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, code, "application/problem+json"), (response.StatusCode, problem.GetProperty("code").GetString(), response.Content.Headers.ContentType?.MediaType));
        return problem;
    }

    // HttpClient would tidy the path.
    private async Task<int> SendRawAsync(string target)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_proxy.Client.BaseAddress!.Host, _proxy.Client.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: endpoints\r\nx-api-key: {_key}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return int.Parse((await reader.ReadLineAsync())!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>One proxy for all of these.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal Surroundings Around { get; } = new();

        internal ProxyProcess Proxy { get; private set; } = null!;

        internal string Key { get; } = Some.NewKey();

        internal string Account { get; } = Some.NewId("acct");

        public async Task InitializeAsync()
        {
            await Around.InitializeAsync();
            Around.Give(new(1, [], [new VersionedAccount(1, Some.Account(Account, Key))]));
            Proxy = await Around.StartProxyAsync();
            await Eventually.TrueAsync(async () => (await Proxy.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK, "it is ready");
        }

        public Task DisposeAsync() => Around.DisposeAsync();
    }
}
