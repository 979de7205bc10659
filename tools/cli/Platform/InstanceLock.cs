using System.Diagnostics;

namespace Hypervize.Cli.Platform;

/// <summary>Keeps two commands from changing the same instance at once. The system lets go of it when its holder dies.</summary>
public sealed class InstanceLock : IDisposable
{
    // As long as the other may take to download and start everything.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <summary>Takes the lock if nobody has it; null when somebody does.</summary>
    /// <param name="folder">The instance's folder.</param>
    /// <param name="what">What is to be changed: the lock's name.</param>
    public static InstanceLock? TryAcquire(string folder, string what)
    {
        try
        {
            return new(new FileStream(Path.Combine(folder, $"{what}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Waits for its turn.</summary>
    /// <param name="folder">The instance's folder.</param>
    /// <param name="what">What is to be changed: the lock's name.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<InstanceLock> AcquireAsync(string folder, string what, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var waiting = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(waiting) < Patience)
        {
            if (TryAcquire(folder, what) is { } turn) return turn;
            await Task.Delay(100, cancel);
        }
        throw new PlatformException($"Another hypervize command has been working on {folder} for minutes. Wait for it, or end it, and try again.");
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
