using Hypervize.Contracts;
using Hypervize.Dashboard.Sessions;

namespace Hypervize.Dashboard.Tests;

/// <summary>Things that tests show, as they usually are.</summary>
public static class Some
{
    public const string AccountId = "acct-0000000000aa";
    public const string EndpointId = "endpt-0000000000e1";
    public const string Key = "hvz_live_TestTestTestTestTestTestTestTestT";

    public static DateTimeOffset Now { get; } = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public static Session Session { get; } = new("session-1", Key, AccountId, "Acme", "laptop", [KeyScope.Global]);

    public static EndpointResource Endpoint { get; } = new(
        EndpointId, AccountId, $"http://localhost:8080/api/d/{EndpointId}", "chat", "acme/tiny", "g5.xlarge", "simulator", new Scaling(0, 4, 300, 16), 60, EndpointAccess.Private,
        Telemetry: true, Limits: null, EndpointStatus.Up, Now.AddMinutes(-5), Wanted: 1, [new NodeResource("node-1", NodeStatus.Ready, Now.AddMinutes(-5))], Failure: null, Degraded: null,
        Revision: "main", Context: 8192, Quote: null, PricePerHour: 1.006m, Now.AddHours(-1), Version: 4);
}
