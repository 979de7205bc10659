using Hypervize.Client;

namespace Hypervize.Cli.Platform;

/// <summary>What the command's exit codes mean; 0 is success.</summary>
internal static class ExitCode
{
    /// <summary>It was tried and failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense, or says what the platform can't take.</summary>
    public const int Usage = 2;

    /// <summary>The machine lacks something.</summary>
    public const int Missing = 3;

    /// <summary>Tells on standard error why a command failed.</summary>
    /// <param name="failure">Why.</param>
    public static async Task<int> OfAsync(Exception failure)
    {
        var (code, message) = failure switch
        {
            MissingOnThisMachineException => (Missing, failure.Message),
            RefusedException { Errors.Count: > 0 } => (Usage, failure.Message),
            PlatformException or RefusedException => (Failed, failure.Message),
            OperationCanceledException => (Failed, "Called off."),
            _ => (Failed, $"This should not have happened: {failure}"),
        };
        await Console.Error.WriteLineAsync(message);
        return code;
    }
}
