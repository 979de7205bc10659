using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests;

/// <summary>Events and facts to tell stories with.</summary>
internal static class An
{
    public const string Id = "endpt-0123456789ab";
    public const string Owner = "hvz_live_ownr";
    public const string Hardware = "g5.xlarge";
    public const decimal Price = 1.006m;

    public static readonly DateTimeOffset Noon = new(2026, 11, 2, 12, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Morning = Noon.AddHours(-4);

    public static EndpointSettings Settings(int min = 0, int max = 3, bool telemetry = false) =>
        new("chat", "org/model", Hardware, "simulator", new(min, max, 300, 8), 60, EndpointAccess.Private, telemetry);

    public static EndpointCreated Created(int min = 0, int max = 3, bool telemetry = false) =>
        new(Id, "acct-0123456789ab", Settings(min, max, telemetry), Math.Max(1, min), Owner, Morning);

    public static EndpointProvisioning Starting(string node, DateTimeOffset? at = null) => new(node, Hardware, 1, at ?? Morning);

    public static NodeReady Serving(string node, DateTimeOffset? at = null, IReadOnlyList<AddOn>? addOns = null) =>
        new(node, $"http://{node}", Hardware, Price, addOns ?? [], (at ?? Morning).AddSeconds(-5), (at ?? Morning).AddSeconds(-1), at ?? Morning);

    public static NodeDraining Leaving(string node, string reason = "hibernated") => new(node, reason, Noon);

    public static EndpointHibernated Asleep() => new("idle for 300 s", "autoscaler", Morning);

    public static EndpointWoken Woken(DateTimeOffset? at = null) => new("a request waits", 1, "proxy-1", at ?? Morning);

    public static EndpointScaled Scaled(int from, int to) => new(from, to, "load", "autoscaler", Morning);

    public static EndpointDisabled Disabled() => new(Owner, Morning);

    public static EndpointDeleted Deleted() => new(Owner, Morning);

    public static EndpointFailed Failed() => new(Failure(), Morning);

    public static Failure Failure(FailureCode code = FailureCode.StartExited) => new(code, "The runtime ended with exit code 1.", "no such model");

    public static NodeLost Lost(string node, int failedStarts = 0) => new(node, Failure(), failedStarts, null, Noon);

    /// <summary>An endpoint that is up with these nodes.</summary>
    public static IReadOnlyList<EndpointEvent> Up(params IReadOnlyList<string> nodes) =>
    [
        Created(), Starting(nodes[0]), Serving(nodes[0]), .. nodes.Skip(1).SelectMany((node, i) => (EndpointEvent[])[Scaled(i + 1, i + 2), Starting(node), Serving(node)]),
    ];

    public static IReadOnlyList<EndpointEvent> Hibernated() => [.. Up("node-a"), Asleep(), new NodeDraining("node-a", "hibernated", Morning), new NodeStopped("node-a", Morning)];

    public static NodeRequested Requested(string node, int attempt = 1) => new(node, new("org/model", Hardware, "simulator", 8), attempt, Noon);

    public static NodeBecameReady BecameReady(string node, DateTimeOffset? at = null) =>
        new(node, $"http://{node}", (at ?? Noon).AddSeconds(-5), (at ?? Noon).AddSeconds(-1), at ?? Noon);

    public static NodeFailed Fell(string node, int failedStarts = 0, DateTimeOffset? lastHealthy = null) => new(node, Failure(), failedStarts, lastHealthy, Noon);

    public static NodeEnded Ended(string node) => new(node, Noon);
}
