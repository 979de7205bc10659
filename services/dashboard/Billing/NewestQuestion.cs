namespace Hypervize.Dashboard.Billing;

/// <summary>Of several questions only the newest is answered: whoever asks again takes back what was asked before.</summary>
public sealed class NewestQuestion
{
    private CancellationTokenSource? _asked;

    /// <summary>Asks.</summary>
    /// <param name="question">The question; it is cancelled when it is not the newest any more.</param>
    /// <param name="left">Cancelled when nobody waits for an answer.</param>
    /// <returns>Whether it was answered, and is still the newest.</returns>
    public async Task<bool> AskAsync(Func<CancellationToken, Task> question, CancellationToken left)
    {
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(left);
        var before = _asked;
        _asked = asked;
        try
        {
            if (before is not null) await before.CancelAsync();
            await question(asked.Token);
            return !asked.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            if (_asked == asked) _asked = null;
        }
    }
}
