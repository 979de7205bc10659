using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Routing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Hypervize.Proxy.FrontDoor;

/// <summary>Which service answers which path. A path that is not listed goes nowhere, so <c>/internal</c> can't be reached.</summary>
public static class ServiceRoutes
{
    private const string PublicKey = "public";
    // Replaying a ledger, the longest of all, takes a minute for some millions of events. Streams of events and the dashboard's connections speak every 15 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private static readonly (string Path, string Service, bool Public)[] Routes =
    [
        ("/v1/endpoints/{id}/logs", Peers.Provisioner, false),
        ("/v1/endpoints/{id}/scaling", Peers.Autoscaler, false),
        ("/v1/endpoints/{id}/metrics", Peers.Autoscaler, false),
        ("/v1/endpoints/{id}/simulations", Peers.Autoscaler, false),
        ("/v1/traffic", Peers.Autoscaler, false),
        ("/v1/endpoints/{**rest}", Peers.Endpoints, false),
        ("/v1/accounts/{**rest}", Peers.Endpoints, false),
        ("/v1/keys/{**rest}", Peers.Endpoints, false),
        ("/v1/identity", Peers.Endpoints, false),
        ("/v1/hardware/{**rest}", Peers.Endpoints, false),
        ("/v1/quotes/{**rest}", Peers.Endpoints, false),
        ("/api/provision", Peers.Endpoints, false),
        ("/openapi/{**rest}", Peers.Endpoints, true),
        ("/v1/billing/{**rest}", Peers.Billing, false),
        ("/v1/operations/endpoints/{**rest}", Peers.Endpoints, false),
        ("/v1/operations/provisioner/{**rest}", Peers.Provisioner, false),
        ("/v1/operations/autoscaler/{**rest}", Peers.Autoscaler, false),
        ("/v1/operations/billing/{**rest}", Peers.Billing, false),
        ("/dashboard/{**rest}", Peers.Dashboard, false),
    ];

    // Of a write that the caller is about to hear of. The broker is some milliseconds behind, on a busy machine a second; while it is away, the service itself is asked.
    private static readonly TimeSpan WrittenWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WrittenWithinWithoutBus = TimeSpan.FromSeconds(1);

    // All else that a client sends stays here: keys, cookies, identities and forwarding headers that it made up.
    private static readonly string[] Passed =
    [
        "Authorization", "Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Length", "Content-Type", "Idempotency-Key",
        "If-Match", "If-None-Match", "Last-Event-ID", "Prefer", "User-Agent",
    ];

    // What a browser and the dashboard say to each other; a link is asked for with a key. The proxy itself tells origin and scheme (X-Forwarded-…).
    private static readonly string[] PassedToDashboard =
    [
        .. Passed, "x-api-key", "Cookie", "Origin", "Referer", "Cache-Control", "If-Modified-Since", "X-Requested-With", "RequestVerificationToken",
        "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-Purpose",
        "Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version",
    ];

    /// <summary>Adds the routes; that of the dashboard where there is one.</summary>
    /// <param name="services">The proxy's container.</param>
    /// <param name="peers">Where the services are.</param>
    public static void AddServiceRoutes(this IServiceCollection services, PeerSettings peers) =>
        services.AddReverseProxy()
            .LoadFromMemory(
                [.. Routes.Where(r => r.Service != Peers.Dashboard || peers.Dashboard is not null).Select(r => new RouteConfig
                {
                    RouteId = r.Path, ClusterId = r.Service, Match = new() { Path = r.Path },
                    Metadata = r.Public ? new Dictionary<string, string> { [PublicKey] = "" } : null,
                })],
                [
                    Cluster(Peers.Endpoints, peers.Endpoints), Cluster(Peers.Provisioner, peers.Provisioner),
                    Cluster(Peers.Autoscaler, peers.Autoscaler), Cluster(Peers.Billing, peers.Billing),
                    .. peers.Dashboard is null ? (ClusterConfig[])[] : [Cluster(Peers.Dashboard, peers.Dashboard)],
                ])
            .AddTransforms(t => t.AddRequestHeadersAllowed(t.Route.IsDashboard() ? PassedToDashboard : Passed).AddResponseTransform(OwnWritesAreReadAsync));

    /// <summary>Whether a route is open to callers without a key.</summary>
    /// <param name="route">The route.</param>
    public static bool IsPublic(this RouteConfig route) => route.Metadata?.ContainsKey(PublicKey) is true;

    /// <summary>Whether a route leads to the dashboard, which asks for no key.</summary>
    /// <param name="route">The route.</param>
    public static bool IsDashboard(this RouteConfig route) => route.ClusterId == Peers.Dashboard;

    // Who is told of a new endpoint or key may use it here at once.
    private static async ValueTask OwnWritesAreReadAsync(ResponseTransformContext context)
    {
        if (Wrote.Of(context.HttpContext.Response) is not var (stream, version)) return;
        var services = context.HttpContext.RequestServices;
        await services.GetRequiredService<RoutingTable>().HeardOfAsync(
            stream, version, services.GetRequiredService<Contact>().BusIsDown ? WrittenWithinWithoutBus : WrittenWithin, services.GetRequiredService<TimeProvider>(), context.HttpContext.RequestAborted);
    }

    private static ClusterConfig Cluster(string service, Uri? address) => new()
    {
        ClusterId = service,
        Destinations = new Dictionary<string, DestinationConfig> { [service] = new() { Address = address?.ToString() ?? "" } },
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = Patience },
        HttpClient = new() { RequestHeaderEncoding = "iso-8859-1", ResponseHeaderEncoding = "iso-8859-1" },
    };
}
