using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Watching;

/// <summary>Who watches endpoints at this replica.</summary>
public sealed class Watchers
{
    /// <summary>Watchers that the keys of an account may have at once, at one replica.</summary>
    public const int MostOfAnAccount = 200;

    private readonly Lock _changing = new();
    private readonly HashSet<Watcher> _all = [];
    private TaskCompletionSource _someone = new();

    /// <summary>Whether nobody watches.</summary>
    public bool AreNone
    {
        get { lock (_changing) return _all.Count == 0; }
    }

    /// <summary>One more; null when its caller's account has too many.</summary>
    /// <param name="by">The caller's own account.</param>
    /// <param name="account">The account whose endpoints are watched; null for those of all.</param>
    public Watcher? Add(string by, string? account)
    {
        lock (_changing)
        {
            if (_all.Count(w => w.By == by) >= MostOfAnAccount) return null;
            var watcher = new Watcher(by, account);
            _all.Add(watcher);
            _someone.TrySetResult();
            return watcher;
        }
    }

    /// <summary>One less.</summary>
    /// <param name="watcher">It watches no longer.</param>
    public void Remove(Watcher watcher)
    {
        lock (_changing) _all.Remove(watcher);
    }

    /// <summary>Waits until somebody watches.</summary>
    /// <param name="cancel">Stops waiting.</param>
    public Task SomeoneAsync(CancellationToken cancel)
    {
        lock (_changing)
        {
            if (_all.Count > 0) return Task.CompletedTask;
            _someone = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _someone.Task.WaitAsync(cancel);
        }
    }

    /// <summary>An endpoint changed.</summary>
    /// <param name="state">Its state now.</param>
    public void Tell(Snapshot<EndpointState> state)
    {
        lock (_changing)
            foreach (var watcher in _all) watcher.Tell(state);
    }

    /// <summary>Changes may have been missed.</summary>
    public void FallBehind()
    {
        lock (_changing)
            foreach (var watcher in _all) watcher.FallBehind();
    }
}
