namespace Hypervize.Contracts;

/// <summary>Milliseconds within which a share of the requests was served.</summary>
/// <param name="P50">Half of them.</param>
/// <param name="P95">95 of 100.</param>
/// <param name="P99">99 of 100.</param>
public sealed record Quantiles(double P50, double P95, double P99);

/// <summary>An endpoint's traffic in a step.</summary>
/// <param name="At">When the step begins.</param>
/// <param name="WatchedSeconds">For how much of it traffic was watched; of the rest nothing is known. Averages and rates are over this.</param>
/// <param name="Requests">Valid requests that arrived.</param>
/// <param name="RequestsPerSecond">The same per second.</param>
/// <param name="Errors">Requests that ended with 500 or more, or a broken stream.</param>
/// <param name="Refused">Requests that were refused: with 400 to 498.</param>
/// <param name="Statuses">Requests that ended, by status.</param>
/// <param name="PromptTokens">Tokens that went in.</param>
/// <param name="CompletionTokens">Tokens that came out.</param>
/// <param name="TokensPerSecond">The latter per second.</param>
/// <param name="FirstTokenMs">From arrival to the first piece of a stream; null when there was none.</param>
/// <param name="LatencyMs">From arrival to the end of an answer; null when there was none.</param>
/// <param name="InFlight">Requests at nodes, on average.</param>
/// <param name="Waiting">Requests that waited for a node, on average.</param>
/// <param name="Wanted">Nodes that there should have been, on average.</param>
/// <param name="Ready">Nodes that served, on average.</param>
/// <param name="Nodes">What nodes said of themselves; null when none did.</param>
public sealed record MetricsPoint(
    DateTimeOffset At, double WatchedSeconds, int Requests, double RequestsPerSecond, int Errors, int Refused, IReadOnlyDictionary<int, int> Statuses, long PromptTokens, long CompletionTokens,
    double TokensPerSecond, Quantiles? FirstTokenMs, Quantiles? LatencyMs, double InFlight, double Waiting, double Wanted, double Ready, NodeLoad? Nodes);

/// <summary>An endpoint's traffic over time.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Telemetry">Whether its telemetry is on: else nothing new is recorded.</param>
/// <param name="From">When the first step begins.</param>
/// <param name="To">When the last one ends.</param>
/// <param name="StepSeconds">How long a step is.</param>
/// <param name="Points">The steps in which traffic was watched, oldest first; those in which it was not are left out.</param>
/// <param name="Whole">The whole time as one step; null when traffic was not watched in it.</param>
public sealed record MetricsResource(
    string EndpointId, bool Telemetry, DateTimeOffset From, DateTimeOffset To, int StepSeconds, IReadOnlyList<MetricsPoint> Points, MetricsPoint? Whole = null);

/// <summary>What nodes said of themselves.</summary>
/// <param name="Running">Requests that generated, of all nodes, on average.</param>
/// <param name="Waiting">Requests in the runtimes' own queues, on average.</param>
/// <param name="CacheUsed">Share of the KV cache in use, 0 to 1, of the node that used most; null when none tells.</param>
public sealed record NodeLoad(double Running, double Waiting, double? CacheUsed);
