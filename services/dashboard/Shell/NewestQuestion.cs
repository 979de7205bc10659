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
    public async Task<bool> AskAsync(Func<CancellationToken, Task> ask, CancellationToken left)
    {
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(left);
        var older = _newest;
        _newest = asked;
        if (older is not null) await older.CancelAsync();
        try
        {
            await ask(asked.Token);
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            // A newer one was asked, or nobody waits.
        }
        if (_newest != asked) return false;
        _newest = null;
        return !left.IsCancellationRequested;
    }
}
