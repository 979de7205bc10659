using Hypervize.Contracts;
using Hypervize.Provisioner.Capacity;

namespace Hypervize.Provisioner.Tests;

/// <summary>Things that tests speak of without caring for their details.</summary>
internal static class Some
{
    public const string Endpoint = "endpt-0123456789ab";
    public const string Account = "acct-0123456789ab";
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly NodeSpec Spec = new("simulator/tiny", "g6.xlarge", "simulator", 4);
    public static readonly Failure Crash = new(FailureCode.StartExited, "It ended.", null);
    public static readonly Patience Patience = new(TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(15));

    public static DateTimeOffset At(double seconds) => Noon.AddSeconds(seconds);

    public static CapacityState? Given(params CapacityEvent[] events) => CapacityState.Fold.From(null, 0, events);

    public static CapacityAsked Asked(int wanted, long version = 1, params NodeRelease[] releases) => new(version, Account, wanted, Spec, releases, Noon);

    public static Ask Ask(int wanted, long version, params NodeRelease[] releases) => new(version, Account, wanted, Spec, releases, Telemetry: false);

    public static NodeRequested Requested(string node, int attempt = 1) => new(node, Spec, attempt, Noon);

    public static NodeStarted Started(string node) => new(node, Address, Noon);

    public static NodeBecameReady Ready(string node, double at = 1) => new(node, Address, Noon, At(at), At(at));

    public static NodeFailed Failed(string node, int failedStarts, double at) => new(node, Crash, failedStarts, null, At(at));

    public static NodeEnding Ending(string node, double at = 2) => new(node, "drained", At(at));

    public static NodeRelease Release(string node, long version = 2, double at = 2) => new(node, version, At(at));

    /// <summary>A node that serves, with three failed starts before none of them matters any more.</summary>
    public static CapacityEvent[] Serving(string node = "node-a", int wanted = 1) => [Asked(wanted), Requested(node), Started(node), Ready(node)];

    public static NodeObservation Seen(string node = "node-a", bool ready = true) =>
        new(node, Address, Noon, At(120), ReadyAt: ready ? At(1) : null, RuntimeReadyAt: ready ? At(1) : null, LastHealthyAt: ready ? At(10) : null);

    public static ProxyReport Report(string proxy, long sequence, params EndpointTraffic[] endpoints) => new(proxy, sequence, Noon, Noon, false, endpoints);

    public static EndpointTraffic Routes(long version, params (string Node, int InFlight)[] nodes) =>
        new(Endpoint, version, 0, 0, 0, nodes.Sum(n => n.InFlight), 0, [.. nodes.Select(n => new NodeTraffic(n.Node, n.InFlight))]);

    private const string Address = "http://127.0.0.1:20000";
}
