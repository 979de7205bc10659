namespace Hypervize.Cli.Platform;

/// <summary>The machine lacks something; the message is one line that says what to install.</summary>
/// <param name="message">The line.</param>
public sealed class MissingOnThisMachineException(string message) : Exception(message);

/// <summary>A server or a service did not start or stop as it should; the message says why, with the end of its log.</summary>
/// <param name="message">What happened.</param>
public sealed class PlatformException(string message) : Exception(message);
