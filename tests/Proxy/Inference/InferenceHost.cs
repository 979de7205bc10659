using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Draining;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.FrontDoor;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Spending;
using Hypervize.Proxy.Waking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypervize.Proxy.Tests.Inference;

/// <summary>The proxy's inference path over real HTTP, with a node and an owner of endpoints that a test plays.</summary>
internal sealed class InferenceHost : IAsyncDisposable
{
    public const string Id = "endpt-000000000001";
    public static readonly string Key = Some.NewKey();

    private readonly WebApplication _proxy;
    private readonly WebApplication _node;
    private readonly WebApplication _owner;
    private readonly bool _sharesOwner;
    private readonly RoutingTable _table;
    private readonly List<KeyUsage> _usage = [];
    private long _version;

    private InferenceHost(WebApplication proxy, WebApplication node, WebApplication owner, bool sharesOwner)
    {
        (_proxy, _node, _owner, _sharesOwner) = (proxy, node, owner, sharesOwner);
        _table = proxy.Services.GetRequiredService<RoutingTable>();
        Client = new() { BaseAddress = new(proxy.Urls.First()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Client { get; }

    public string NodeAddress => _node.Urls.First();

    public Gates Gates => _proxy.Services.GetRequiredService<Gates>();

    public BodyRoom Bodies => _proxy.Services.GetRequiredService<BodyRoom>();

    public TrafficMeter Meter => _proxy.Services.GetRequiredService<TrafficMeter>();

    public RoutingTable Table => _table;

    public SpendTable Spending => _proxy.Services.GetRequiredService<SpendTable>();

    /// <summary>What the node does with a request; echoes its body by default.</summary>
    public Func<HttpContext, Task> OnNode { get; set; } = EchoAsync;

    public ConcurrentQueue<WakeEndpoint> Wakes { get; } = new();

    public Action OnWake { get; set; } = () => { };

    /// <summary>A proxy; with an owner of endpoints of its own, or another proxy's.</summary>
    public static async Task<InferenceHost> StartAsync(double heartbeatSeconds = 30, int maxPerEndpoint = 10_000, InferenceHost? beside = null, long? mostCollected = null, long? mostOfBodies = null)
    {
        InferenceHost? host = null;
        var node = await StartAppAsync(_ => { }, app => app.Run(http => host!.OnNode(http)));
        var owner = beside?._owner ?? await StartAppAsync(_ => { }, app => app.MapPost("/internal/endpoints/{id}/wake", (WakeEndpoint wake) =>
        {
            host!.Wakes.Enqueue(wake);
            host.OnWake();
            return Results.Accepted();
        }));
        var proxy = await StartAppAsync(services =>
        {
            services.AddSingleton(TimeProvider.System).AddSingleton(new ProxySettings()).AddSingleton(ProxyInstance.New());
            services.AddSingleton(new WakingSettings { HeartbeatSeconds = heartbeatSeconds, MaxPerEndpoint = maxPerEndpoint });
            services.AddSingleton(mostOfBodies is { } mostBytes ? new BodySettings { MaxBytes = mostBytes } : new());
            services.AddSingleton(mostCollected is { } most ? new AnswerSettings { MaxCollectedBytes = most } : new());
            services.AddSingleton(new LimitSettings()).AddSingleton<SpendTable>().AddSingleton<RequestLimiter>().AddSingleton<KeyRing>().AddSingleton<RoutingTable>().AddSingleton<Contact>().AddSingleton<KeyCheck>().AddSingleton<TrafficMeter>();
            services.AddHttpClient(Peers.Endpoints, c => c.BaseAddress = new(owner.Urls.First()));
            services.AddSingleton(new DrainSettings()).AddSingleton<Listeners>().AddSingleton<OpenRequests>().AddSingleton<Departure>();
            services.AddInference();
        }, _ => { });
        proxy.Services.GetRequiredService<Contact>().BusCameUp();
        host = new(proxy, node, owner, sharesOwner: beside is not null);
        host._table.Apply(new RoutingSnapshot(1, [], [new(1, Some.Account("acct-000000000001", Key))]));
        return host;
    }

    /// <summary>A proxy of an endpoint that is up with one node.</summary>
    public static async Task<InferenceHost> InFrontOfAsync(ScriptedNode node, double heartbeatSeconds = 30, long? mostCollected = null)
    {
        var host = await StartAsync(heartbeatSeconds, mostCollected: mostCollected);
        host.Is(EndpointStatus.Up, host.Node(address: node.Address));
        return host;
    }

    /// <summary>The read model learns a newer state of the endpoint.</summary>
    public void Is(EndpointStatus status, params EndpointNode[] nodes) => Is(Some.Endpoint(Id, status, nodes));

    public void Is(EndpointState state)
    {
        var version = Interlocked.Increment(ref _version);
        _table.Apply(Some.Changed(state, version, version + 1));
    }

    public EndpointNode Node(string id = "node-1", NodeStatus status = NodeStatus.Ready, string? address = null) => Some.Node(id, status) with { Address = address ?? NodeAddress };

    public static HttpRequestMessage Request(string body = """{"model":"any","messages":[]}""", string path = "v1/chat/completions", string? key = null, string? prefer = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/d/{Id}/{path}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", key ?? Key);
        if (prefer is not null) request.Headers.Add("Prefer", prefer);
        return request;
    }

    public async Task<(int Status, string Body, HttpResponseMessage Response)> SendAsync(HttpRequestMessage request)
    {
        var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>Usage of keys over all intervals so far, once so many requests have ended.</summary>
    public async Task<IReadOnlyList<KeyUsage>> UsageAsync(int requests)
    {
        await EventuallyAsync(() =>
        {
            _usage.AddRange(Meter.Take(_table).SelectMany(t => t.Usage ?? []));
            return _usage.Sum(u => u.Statuses.Values.Sum()) >= requests;
        });
        return _usage;
    }

    /// <summary>Statuses of all requests that have ended, once there are so many.</summary>
    public async Task<int[]> StatusesAsync(int requests) => [.. (await UsageAsync(requests)).SelectMany(u => u.Statuses).SelectMany(s => Enumerable.Repeat(s.Key, s.Value)).Order()];

    public static string? CodeOf(string body) => JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("code").GetString();

    public static async Task EventuallyAsync(Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            Assert.True(tries < 1000, "It did not happen within 20 s.");
            await Task.Delay(20);
        }
    }

    public static async Task EchoAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _proxy.DisposeAsync();
        await _node.DisposeAsync();
        if (!_sharesOwner) await _owner.DisposeAsync();
    }

    private static async Task<WebApplication> StartAppAsync(Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = 64 * 1024 * 1024;
            (k.RequestHeaderEncodingSelector, k.ResponseHeaderEncodingSelector) = (_ => Encoding.Latin1, _ => Encoding.Latin1);
        });
        builder.Logging.ClearProviders();
        services(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
