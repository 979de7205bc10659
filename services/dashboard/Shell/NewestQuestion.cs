namespace Hypervize.Dashboard.Shell;

/// <summary>A question that is asked anew before it is answered: only the answer to the newest is heard, and the older ones are given up.</summary>
public sealed class NewestQuestion
{
    private CancellationTokenSource? _newest;

    /// <summary>Whether one is under way.</summary>
    public bool IsAsked => _newest is not null;

    /// <summary>Asks.</summary>
    /// <param name="ask">Asks; what it is given is cancelled when a newer one is asked.</param>
    /// <param name="left">Cancelled when nobody waits any more.</param>
    /// <returns>Whether it was the newest until it was answered: else the answer means nothing any more.</returns>
    public Task<bool> AskAsync(Func<CancellationToken, Task> ask, CancellationToken left)
    {
        var (older, asked) = (_newest, CancellationTokenSource.CreateLinkedTokenSource(left));
        _newest = asked;
        // Before anything else happens: what waits for a pause in the typing must not be asked meanwhile.
        older?.Cancel();
        return HeardAsync(asked, ask, left);
    }

    private async Task<bool> HeardAsync(CancellationTokenSource asked, Func<CancellationToken, Task> ask, CancellationToken left)
    {
        try
        {
            await ask(asked.Token);
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            // A newer one was asked, or nobody waits.
        }
        var isNewest = _newest == asked;
        if (isNewest) _newest = null;
        asked.Dispose();
        return isNewest && !left.IsCancellationRequested;
    }
}
