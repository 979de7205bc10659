using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Load;

/// <summary>One benchmark of what a core can do at a time on a machine: two would measure each other.</summary>
internal static class Turn
{
    /// <summary>Waits for its turn, which lasts until what is returned is disposed of.</summary>
    /// <param name="progress">Told when it has to wait.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<IDisposable> WaitAsync(Action<string> progress, CancellationToken cancel)
    {
        while (true)
        {
            if (InstanceLock.TryAcquire(DataDirectory.Tools, "bench") is { } turn) return turn;
            progress("Waiting for another benchmark of this machine");
            await Task.Delay(TimeSpan.FromSeconds(2), cancel);
        }
    }
}
