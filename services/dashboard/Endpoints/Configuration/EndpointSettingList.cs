using System.Globalization;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Configuration;

/// <summary>The settings that an endpoint's owner can change, with the API's bounds.</summary>
public static class EndpointSettingList
{
    private const string NoLimit = "no limit";
    private const string Unset = "not set";
    private const string ByAddress = "Of callers without a key. With both empty each address has 300 a minute and 20 at once, unless the operator has it otherwise.";
    private const string Operators = "as the operator has it";

    /// <summary>A label.</summary>
    public static EndpointSetting Name { get; } = new("name", "Name", "A label for people. The address does not change with it.", s => s.Name) { Kind = SettingKind.Text, Most = 64 };

    /// <summary>Fewest nodes.</summary>
    public static EndpointSetting Min { get; } = new("scaling.min", "Fewest nodes", "While it is on; 0 lets it sleep.", s => Text(s.Scaling.Min)) { Least = 0, Most = Scaling.MostNodes };

    /// <summary>Most nodes.</summary>
    public static EndpointSetting Max { get; } = new("scaling.max", "Most nodes", "However much is asked of it.", s => Text(s.Scaling.Max)) { Most = Scaling.MostNodes };

    /// <summary>Idle time.</summary>
    public static EndpointSetting Idle { get; } = new("scaling.idleSeconds", "Sleeps after", "Without a valid request for so long.", s => Text(s.Scaling.IdleSeconds)) { Most = 86_400, Unit = "s" };

    /// <summary>Requests at once per node.</summary>
    public static EndpointSetting Concurrency { get; } = new("scaling.concurrency", "Requests at once per node", "More wait for another node.", s => Text(s.Scaling.Concurrency)) { Most = 1024 };

    /// <summary>Requests per minute per node.</summary>
    public static EndpointSetting PerMinute { get; } = new("scaling.requestsPerMinute", "Requests per minute per node", "What one node can serve. Empty when only those at once tell how many nodes are needed.", s => Text(s.Scaling.RequestsPerMinute))
    {
        Most = 1_000_000, Empty = "not counted",
    };

    /// <summary>How long a request is held.</summary>
    public static EndpointSetting Hold { get; } = new("holdSeconds", "Holds requests for", "While no node is ready; then they are refused.", s => Text(s.HoldSeconds)) { Most = 600, Unit = "s" };

    /// <summary>Who may call it.</summary>
    public static EndpointSetting Access { get; } = new("access", "Access", "Who may call it.", s => s.Access == EndpointAccess.Public ? "public" : "private") { Kind = SettingKind.Choice };

    /// <summary>The add-on.</summary>
    public static EndpointSetting Telemetry { get; } = new("telemetry", "Logging and telemetry", "Metrics over time, logs and simulations.", s => s.Telemetry ? "true" : "false") { Kind = SettingKind.Flag };

    /// <summary>How many requests it takes.</summary>
    public static IReadOnlyList<EndpointSetting> Limits { get; } =
    [
        new("limits.requestsPerMinute", "Requests per minute", "Whoever calls. Empty for any number.", s => Text(s.Limits?.RequestsPerMinute)) { Most = 1_000_000, Empty = NoLimit },
        new("limits.concurrent", "Requests at once", "Whoever calls. Empty for any number.", s => Text(s.Limits?.Concurrent)) { Most = 100_000, Empty = NoLimit },
    ];

    /// <summary>How many requests it takes of each client address while anyone may call.</summary>
    public static IReadOnlyList<EndpointSetting> AddressLimits { get; } =
    [
        new("limits.perAddress.requestsPerMinute", "Requests per minute and address", ByAddress, s => Text(s.Limits?.PerAddress?.RequestsPerMinute)) { Most = 1_000_000, Empty = Unset },
        new("limits.perAddress.concurrent", "Requests at once per address", ByAddress, s => Text(s.Limits?.PerAddress?.Concurrent)) { Most = 100_000, Empty = Unset },
    ];

    /// <summary>What it tunes otherwise than the operator.</summary>
    public static IReadOnlyList<EndpointSetting> Tuning { get; } =
    [
        new("scaling.tuning.utilisation", "Utilisation", "Share of what a node can do that it should carry on average.", s => Text(s.Scaling.Tuning?.Utilisation)) { Kind = SettingKind.Fraction, Least = 0.1m, Most = 1, Empty = Operators },
        new("scaling.tuning.windowSeconds", "Window", "Time over which load is averaged; a tenth of it for bursts.", s => Text(s.Scaling.Tuning?.WindowSeconds)) { Least = 2, Most = 300, Unit = "s", Empty = Operators },
        new("scaling.tuning.stabilisationSeconds", "Stabilisation", "Time for which less must have been enough before nodes leave.", s => Text(s.Scaling.Tuning?.StabilisationSeconds)) { Most = 3600, Unit = "s", Empty = Operators },
        new("scaling.tuning.panicAt", "Panic at", "A burst of so many times the target counts at once, and nothing goes down for a window.", s => Text(s.Scaling.Tuning?.PanicAt)) { Kind = SettingKind.Fraction, Least = 1.1m, Most = 100, Unit = "times", Empty = Operators },
        new("scaling.tuning.upRate", "Up at most", "Nodes that serve, times this, by one decision.", s => Text(s.Scaling.Tuning?.UpRate)) { Kind = SettingKind.Fraction, Least = 1.1m, Most = 1000, Unit = "times", Empty = Operators },
        new("scaling.tuning.downRate", "Down at most", "Nodes that serve, divided by this, by one decision.", s => Text(s.Scaling.Tuning?.DownRate)) { Kind = SettingKind.Fraction, Least = 1.1m, Most = 1000, Unit = "times", Empty = Operators },
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EndpointSetting> All { get; } = [Name, Min, Max, Idle, Concurrency, PerMinute, Hold, Access, Telemetry, .. Limits, .. AddressLimits, .. Tuning];

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Text(double? number) => number is { } given ? EndpointSetting.Number((decimal)given) : "";
}
