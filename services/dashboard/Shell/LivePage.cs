using Hypervize.Client;
using Hypervize.Dashboard.Live;
using Hypervize.Dashboard.Sessions;
using Microsoft.AspNetCore.Components;

namespace Hypervize.Dashboard.Shell;

/// <summary>
/// A page, or a part of one, that shows what goes on: it is drawn anew whenever something of the account changes, calls the platform with the
/// visitor's key, and stops all it does when the visitor leaves.
/// </summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _left = new();
    private FleetHold? _hold;

    /// <summary>Whoever looks.</summary>
    [CascadingParameter] public required Visit Visit { get; set; }

    /// <summary>Feeds.</summary>
    [Inject] public required FleetFeeds Feeds { get; set; }

    /// <summary>Time.</summary>
    [Inject] public required TimeProvider Time { get; set; }

    /// <summary>Leads to other pages.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>What is known of the account.</summary>
    protected FleetView Fleet { get; private set; } = FleetView.Unknown;

    /// <summary>Cancelled when the visitor leaves the page.</summary>
    protected CancellationToken Left => _left.Token;

    /// <summary>What the last call was refused for; null when it was not.</summary>
    protected RefusedException? Problem { get; set; }

    /// <summary>Whether a call of <see cref="DoAsync"/> is under way.</summary>
    protected bool IsBusy { get; private set; }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _hold = Feeds.Hold(Visit.Session);
        _hold.Feed.Changed += Look;
        Fleet = _hold.Feed.View;
        // So that the first page that is sent shows something.
        if (Fleet.Status == FeedStatus.Connecting) await _hold.Feed.First.WaitAsync(FirstLook, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Fleet = _hold.Feed.View;
        await OpenAsync();
    }

    /// <summary>What the page does first.</summary>
    protected virtual Task OpenAsync() => Task.CompletedTask;

    /// <summary>What the page does when something of the account changed, before it is drawn anew.</summary>
    protected virtual Task FleetChangedAsync() => Task.CompletedTask;

    /// <summary>Calls the platform because the visitor asked for it: what is refused is kept in <see cref="Problem"/>, and a second click does nothing meanwhile.</summary>
    /// <param name="call">The call.</param>
    /// <returns>Whether it succeeded.</returns>
    protected async Task<bool> DoAsync(Func<Task> call)
    {
        if (IsBusy) return false;
        (IsBusy, Problem) = (true, null);
        Problem = await AskAsync(call);
        IsBusy = false;
        return Problem is null && !Left.IsCancellationRequested;
    }

    /// <summary>Calls the platform.</summary>
    /// <param name="call">The call.</param>
    /// <returns>What it was refused for; null when it was not, or nobody looks any more.</returns>
    protected async Task<RefusedException?> AskAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (RefusedException e)
        {
            if (e.IsSignedOut) SignedOut();
            return e;
        }
        catch (OperationCanceledException) when (Left.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Does something again and again, and draws the page after it, until the visitor leaves.</summary>
    /// <param name="pause">How long between.</param>
    /// <param name="call">What is done.</param>
    protected void Every(TimeSpan pause, Func<Task> call) => _ = InvokeAsync(async () =>
    {
        while (!Left.IsCancellationRequested)
        {
            await Task.Delay(pause, Time, Left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Left.IsCancellationRequested) return;
            await AskAsync(call);
            StateHasChanged();
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go.</summary>
    /// <param name="disposing">Whether it is not the collector that asks.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _left.IsCancellationRequested) return;
        _left.Cancel();
        if (_hold is null) return;
        _hold.Feed.Changed -= Look;
        _hold.Dispose();
    }

    private void Look() => _ = InvokeAsync(async () =>
    {
        if (Left.IsCancellationRequested) return;
        Fleet = _hold!.Feed.View;
        if (Fleet.Status == FeedStatus.Ended)
        {
            SignedOut();
            return;
        }
        await FleetChangedAsync();
        StateHasChanged();
    });

    private void SignedOut()
    {
        _left.Cancel();
        Navigation.NavigateTo($"sign-in?problem={SignInProblem.SessionEnded}", forceLoad: true);
    }
}
