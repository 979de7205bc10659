namespace Hypervize.Simulator;

/// <summary>How the simulated model behaves, faults included.</summary>
/// <param name="LoadSeconds">Seconds the model takes to load.</param>
/// <param name="FirstTokenMs">Milliseconds from a request's start to its first token.</param>
/// <param name="TokensPerSecond">Tokens per second of each request after the first; 0 for no pause between tokens.</param>
/// <param name="Concurrency">Requests that run at once; more wait, in order.</param>
/// <param name="FailToLoad">After the load time the process prints an error and ends with exit code 1.</param>
/// <param name="Hang">The process lives, and never becomes ready.</param>
/// <param name="HangAfter">After so many completed requests nothing is answered any more, health included; 0 for never.</param>
/// <param name="CrashAfter">The process dies after so many completed requests; 0 for never.</param>
/// <param name="DropStreamAfter">Each answer's connection is cut after so many tokens; 0 for never.</param>
public sealed record Behaviour(
    double LoadSeconds = 0.5, double FirstTokenMs = 30, double TokensPerSecond = 100, int Concurrency = 64,
    bool FailToLoad = false, bool Hang = false, int HangAfter = 0, int CrashAfter = 0, int DropStreamAfter = 0);

/// <summary>What one simulator was started as.</summary>
/// <param name="Host">IP address it listens on.</param>
/// <param name="Port">Port it listens on; 0 for any free one, which it prints.</param>
/// <param name="ServedName">The one model name that requests may ask for.</param>
/// <param name="NodeId">Name of the node in its serving log and its traces.</param>
/// <param name="ServingLog">File that it notes its serving times in; null for none.</param>
/// <param name="Behaviour">How it behaves.</param>
public sealed record NodeSettings(System.Net.IPAddress Host, int Port, string ServedName, string NodeId, string? ServingLog, Behaviour Behaviour);
