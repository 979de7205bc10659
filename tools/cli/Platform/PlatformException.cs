namespace Hypervize.Cli.Platform;

/// <summary>A server or a service did not start or stop as it should; the message says why, with the end of its log.</summary>
/// <param name="message">What happened.</param>
public sealed class PlatformException(string message) : Exception(message);
