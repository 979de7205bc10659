using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Hypervize.Client;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Live;

/// <summary>
/// Follows an account's endpoints, their traffic and what they cost, for all pages that are open with one key. Whoever looks is told
/// at most every tenth of a second, however much happens.
/// </summary>
public sealed class FleetFeed : IDisposable
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Figures = TimeSpan.FromSeconds(3);
    // The ledger is some milliseconds behind what it charges for.
    private static readonly TimeSpan LedgerLag = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly PlatformApi _api;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Channel<bool> _changed = Signal();
    private readonly Channel<bool> _moneyMoved = Signal();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FleetView _view = FleetView.Unknown;

    /// <summary>Begins to follow.</summary>
    /// <param name="api">The API with the key.</param>
    /// <param name="time">Time.</param>
    public FleetFeed(PlatformApi api, TimeProvider time)
    {
        (_api, _time) = (api, time);
        _ = Task.WhenAll(FollowAsync(), AskAsync(), TellAsync());
    }

    /// <summary>What is known now.</summary>
    public FleetView View { get { lock (_lock) return _view; } }

    /// <summary>Raised, on any thread, when something is known that was not.</summary>
    public event Action? Changed;

    /// <summary>Completes when the endpoints are known, or it is known that they can't be.</summary>
    public Task First => _first.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _first.TrySetResult();
    }

    private async Task FollowAsync()
    {
        for (var pause = Retry; !_stop.IsCancellationRequested; pause = pause < LongestRetry ? 2 * pause : LongestRetry)
        {
            try
            {
                var listed = new Dictionary<string, EndpointResource>(StringComparer.Ordinal);
                var isWhole = false;
                await foreach (var item in _api.EventsAsync("v1/endpoints", null, _stop.Token))
                {
                    Take(item, listed, ref isWhole);
                    if (isWhole) pause = Retry;
                }
                throw new RefusedException("The platform ended the stream.");
            }
            catch (RefusedException e) when (e.IsSignedOut)
            {
                Set(v => v with { Status = FeedStatus.Ended, Problem = e.Detail });
                await _stop.CancelAsync();
            }
            catch (Exception e) when (!_stop.IsCancellationRequested && e is RefusedException or JsonException)
            {
                Set(v => v with { Status = FeedStatus.Stale, Problem = e is RefusedException refused ? refused.Detail : e.Message });
            }
            catch (OperationCanceledException)
            {
                return;
            }
            _first.TrySetResult();
            await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Take(ServerEvent item, Dictionary<string, EndpointResource> listed, ref bool isWhole)
    {
        switch (item.Type)
        {
            case "endpoint" when JsonSerializer.Deserialize<EndpointResource>(item.Data, Web) is { } it:
                if (isWhole) Set(v => v with { Endpoints = v.Endpoints.SetItem(it.Id, it) });
                else listed[it.Id] = it;
                break;
            case "deleted" when JsonSerializer.Deserialize<Deleted>(item.Data, Web) is { } gone:
                listed.Remove(gone.Id);
                Set(v => v with { Endpoints = v.Endpoints.Remove(gone.Id) });
                break;
            case "ready":
                isWhole = true;
                // What was known before and is not listed any more went meanwhile.
                Set(v => v with { Status = FeedStatus.Live, Problem = null, Endpoints = listed.ToImmutableDictionary(StringComparer.Ordinal) });
                _first.TrySetResult();
                break;
            default:
                return;
        }
        if (isWhole) _moneyMoved.Writer.TryWrite(true);
    }

    private async Task AskAsync()
    {
        await First;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var (traffic, burn, spending) = (AskedAsync<TrafficResource>("v1/traffic"), AskedAsync<BurnResource>("v1/billing/burn"), AskedAsync<CapResource>("v1/billing/cap"));
                var (moving, paid, spent) = (await traffic, await burn, await spending);
                Set(v => v with { Traffic = moving is null ? v.Traffic.Clear() : Merged(v.Traffic, moving), Burn = paid, Spending = spent });
                if (await WaitAsync(_moneyMoved, Figures)) await Task.Delay(LedgerLag, _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<T?> AskedAsync<T>(string path) where T : class
    {
        try
        {
            return await _api.GetAsync<T>(path, _stop.Token);
        }
        catch (RefusedException)
        {
            return null; // A figure that is not known is shown as such.
        }
    }

    // What did not change stays the same object, so that pages need not compare more than that.
    private static ImmutableDictionary<string, EndpointTrafficResource> Merged(ImmutableDictionary<string, EndpointTrafficResource> before, TrafficResource now)
    {
        var merged = before.ToBuilder();
        merged.RemoveRange(before.Keys.Except(now.Endpoints.Select(e => e.EndpointId)));
        foreach (var it in now.Endpoints)
            if (!before.TryGetValue(it.EndpointId, out var known) || !Same(known, it)) merged[it.EndpointId] = it;
        return merged.ToImmutable();

        static bool Same(EndpointTrafficResource one, EndpointTrafficResource other) =>
            one with { PerMinute = other.PerMinute } == other && one.PerMinute.SequenceEqual(other.PerMinute);
    }

    private void Set(Func<FleetView, FleetView> change)
    {
        lock (_lock) _view = change(_view);
        _changed.Writer.TryWrite(true);
    }

    private async Task TellAsync()
    {
        try
        {
            while (await _changed.Reader.ReadAsync(_stop.Token))
            {
                Changed?.Invoke();
                await Task.Delay(Breath, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The last word, that the key is good no longer, is said all the same.
            Changed?.Invoke();
        }
    }

    private async Task<bool> WaitAsync(Channel<bool> signal, TimeSpan longest)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(signal.Reader.WaitToReadAsync(waiting.Token).AsTask(), Task.Delay(longest, _time, waiting.Token));
        await waiting.CancelAsync();
        _stop.Token.ThrowIfCancellationRequested();
        return signal.Reader.TryRead(out _);
    }

    private static Channel<bool> Signal() => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private sealed record Deleted(string Id);
}
