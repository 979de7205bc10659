using Hypervize.Client;
using Hypervize.Sizing.Quotes;

namespace Hypervize.Dashboard.Deploy;

/// <summary>
/// Asks for quotes while somebody types: when they pause, no longer than anyone cares for the answer, and what is kept is only ever the answer to the
/// newest question.
/// </summary>
/// <param name="api">The API.</param>
/// <param name="time">Time.</param>
public sealed class QuoteDesk(PlatformApi api, TimeProvider time) : IDisposable
{
    /// <summary>How long a pause in typing is.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(350);

    private CancellationTokenSource? _asking;

    /// <summary>The newest question; null while there is none.</summary>
    public QuoteAsk? Asked { get; private set; }

    /// <summary>The last question that was answered or refused; null while none was.</summary>
    public QuoteAsk? Answered { get; private set; }

    /// <summary>The last answer; null after a refusal. It may be to an older question: <see cref="Holding"/> is to the newest.</summary>
    public Quote? Quote { get; private set; }

    /// <summary>What the last question that came through was refused for; null when it was answered.</summary>
    public RefusedException? Refusal { get; private set; }

    /// <summary>Whether an answer is waited for.</summary>
    public bool IsAsking => _asking is not null;

    /// <summary>The answer to the newest question; null while there is none.</summary>
    public Quote? Holding => !IsAsking && Asked is not null && Asked.IsSame(Answered) ? Quote : null;

    /// <summary>Whether the last answer is no longer about the model as it is asked for now.</summary>
    public bool IsOld => Asked is null || !Asked.FindsTheSame(Answered);

    /// <summary>Asks, unless this is being asked, or was answered, already.</summary>
    /// <param name="ask">What for; null to take the question back.</param>
    /// <exception cref="RefusedException">The key is good no longer.</exception>
    public Task AskAsync(QuoteAsk? ask)
    {
        if (ask is not null && ask.IsSame(Asked)) return Task.CompletedTask;
        return AskAsync(ask, isTyped: true);
    }

    /// <summary>Asks at once, also for what was answered before.</summary>
    /// <param name="ask">What for.</param>
    /// <exception cref="RefusedException">The key is good no longer.</exception>
    public Task AskAgainAsync(QuoteAsk ask) => AskAsync(ask, isTyped: false);

    /// <inheritdoc/>
    public void Dispose() => _asking?.Cancel();

    private async Task AskAsync(QuoteAsk? ask, bool isTyped)
    {
        _asking?.Cancel();
        (Asked, _asking) = (ask, null);
        if (ask is null || (isTyped && Quote is not null && ask.IsSame(Answered))) return;

        using var mine = _asking = new CancellationTokenSource();
        try
        {
            if (isTyped) await Task.Delay(Pause, time, mine.Token);
            var quote = await api.CallAsync<Quote>(HttpMethod.Post, "v1/quotes", ask.ToBody(), mine.Token);
            if (_asking == mine) (Quote, Refusal, Answered) = (quote, null, ask);
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            // There is a newer question, or nobody looks any more.
        }
        catch (RefusedException e)
        {
            if (_asking == mine) (Quote, Refusal, Answered) = (null, e, ask);
            if (e.IsSignedOut) throw;
        }
        finally
        {
            if (_asking == mine) _asking = null;
        }
    }
}
