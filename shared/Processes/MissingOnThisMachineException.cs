namespace Hypervize.Processes;

/// <summary>The machine lacks something; the message is one line that says what to install.</summary>
/// <param name="message">The line.</param>
public sealed class MissingOnThisMachineException(string message) : Exception(message);
