using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Watching;

/// <summary>What one caller is still to be told. Of each endpoint only the newest state is kept, so one who reads slowly costs no more for it.</summary>
/// <param name="by">The caller's own account.</param>
/// <param name="account">The account whose endpoints are watched; null for those of all.</param>
public sealed class Watcher(string by, string? account)
{
    private readonly Lock _changing = new();
    private readonly Queue<string> _order = new();
    private readonly Dictionary<string, Snapshot<EndpointState>> _due = new(StringComparer.Ordinal);
    private TaskCompletionSource _news = new();
    private bool _isBehind = true;

    /// <summary>The caller's own account.</summary>
    public string By => by;

    /// <summary>The account whose endpoints are watched; null for those of all.</summary>
    public string? Account => account;

    /// <summary>An endpoint changed.</summary>
    /// <param name="state">Its state now, whosever it is.</param>
    public void Tell(Snapshot<EndpointState> state)
    {
        if (account is not null && state.State.AccountId != account) return;
        lock (_changing)
        {
            if (!_due.TryGetValue(state.Id, out var before)) _order.Enqueue(state.Id);
            if (before is null || before.Version < state.Version) _due[state.Id] = state;
            _news.TrySetResult();
        }
    }

    /// <summary>Changes may have been missed: all endpoints are to be looked at.</summary>
    public void FallBehind()
    {
        lock (_changing)
        {
            _isBehind = true;
            _news.TrySetResult();
        }
    }

    /// <summary>Whether all endpoints are to be looked at, as they are at first; whoever asks will do so.</summary>
    public bool TakeBehind()
    {
        lock (_changing)
        {
            var was = _isBehind;
            _isBehind = false;
            return was;
        }
    }

    /// <summary>The endpoint that has been waiting longest to be told of, as it is now; null when there is none.</summary>
    public Snapshot<EndpointState>? Take()
    {
        lock (_changing)
        {
            if (!_order.TryDequeue(out var id)) return null;
            _due.Remove(id, out var state);
            return state;
        }
    }

    /// <summary>Waits until there is something to tell.</summary>
    /// <param name="within">For how long at most.</param>
    /// <param name="time">Time.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Whether there is.</returns>
    public async Task<bool> NewsAsync(TimeSpan within, TimeProvider time, CancellationToken cancel)
    {
        Task news;
        lock (_changing)
        {
            if (_isBehind || _order.Count > 0) return true;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            news = _news.Task;
        }
        await news.WaitAsync(within, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return news.IsCompleted;
    }
}
