using Hypervize.Sizing.Hub;

namespace Hypervize.Cli.Running;

/// <summary>A service of the platform, and what it is told through its environment.</summary>
/// <param name="Name">Its name, as in its folder.</param>
/// <param name="Settings">Environment variables, but for those that all services get.</param>
/// <param name="HasIdentity">Whether it is trusted with what identities are signed by.</param>
/// <param name="HasErrorQueues">Whether messages that failed every retry are kept for it; not for those that keep nothing that could fail.</param>
public sealed record ServiceDefinition(
    string Name, Func<Wiring, IEnumerable<(string Variable, string Value)>> Settings, bool HasIdentity = true, bool HasErrorQueues = true)
{
    /// <summary>The program, where the build puts it.</summary>
    /// <param name="checkout">The checkout's folder.</param>
    public string Program(string checkout) =>
        Path.Combine(checkout, "services", Name, "bin", "Debug", "net10.0", $"Hypervize.{char.ToUpperInvariant(Name[0])}{Name[1..]}.dll");
}

/// <summary>All services, in the order in which they are listed; they start together. A test holds the variables against what they read.</summary>
public static class ServiceTable
{
    /// <summary>The lifecycle of endpoints, accounts and keys.</summary>
    public const string Endpoints = "endpoints";

    /// <summary>Nodes.</summary>
    public const string Provisioner = "provisioner";

    /// <summary>How many nodes, and when to sleep.</summary>
    public const string Autoscaler = "autoscaler";

    /// <summary>Ledgers.</summary>
    public const string Billing = "billing";

    /// <summary>The front door.</summary>
    public const string Proxy = "proxy";

    /// <summary>What a person sees.</summary>
    public const string Dashboard = "dashboard";

    // What the proxy can't finish it must have time to say so, and to report, before it is ended: it lingers for a second first, and has up to six for its last words.
    private const string FinishSeconds = "Drain__FinishSeconds";
    private static readonly string InTime = $"{Installation.Shutdown.TotalSeconds - 11:0}";

    private static (string, string) Hub => ("Hub__Endpoint", HubSettings.Read(Environment.GetEnvironmentVariable).Endpoint.ToString());

    /// <summary>The services.</summary>
    public static IReadOnlyList<ServiceDefinition> All { get; } =
    [
        new(Endpoints, wiring =>
        [
            wiring.Database(Endpoints), wiring.Bus,
            ("Bootstrap__OperatorKey", wiring.OperatorKey),
            ("Secrets__MasterKey", wiring.MasterKey),
            Hub,
            ("Peers__Provisioner", wiring.Url(Provisioner)),
            ("Proxy__PublicUrl", wiring.PublicUrl),
        ]),
        new(Provisioner, wiring =>
        [
            wiring.Database(Provisioner), wiring.Bus,
            Hub,
            ("Peers__Endpoints", wiring.Url(Endpoints)),
            ("Local__DataDirectory", wiring.Place("nodes")),
            ("Local__AdvertiseHost", "127.0.0.1"),
            ("Local__Installation", Path.GetFileName(wiring.Folder)),
            ("Local__Simulator", Path.Combine(wiring.Checkout, "tools", "simulator", "bin", "Debug", "net10.0", "Hypervize.Simulator.dll")),
            ("Local__Ports", "20000-29999"),
        ]),
        new(Autoscaler, wiring =>
        [
            wiring.Database(Autoscaler), wiring.Bus,
            ("Peers__Endpoints", wiring.Url(Endpoints)),
        ]),
        new(Billing, wiring =>
        [
            wiring.Database(Billing), wiring.Bus,
            ("Peers__Endpoints", wiring.Url(Endpoints)),
        ]),
        new(Proxy, wiring =>
        [
            wiring.Bus,
            ("Peers__Endpoints", wiring.Url(Endpoints)),
            ("Peers__Provisioner", wiring.Url(Provisioner)),
            ("Peers__Autoscaler", wiring.Url(Autoscaler)),
            ("Peers__Billing", wiring.Url(Billing)),
            ("Peers__Dashboard", wiring.Url(Dashboard)),
            ("Proxy__StateFile", Path.Combine(wiring.Place("proxy"), "read-model.json")),
            ("Proxy__InternalUrl", wiring.InternalUrl),
            (FinishSeconds, Environment.GetEnvironmentVariable(FinishSeconds) ?? InTime),
        ], HasErrorQueues: false),
        new(Dashboard, wiring =>
        [
            ("Dashboard__PlatformUrl", wiring.PublicUrl),
            ("Dashboard__KeysFolder", wiring.Place("dashboard")),
        ], HasIdentity: false, HasErrorQueues: false),
    ];
}
