using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Reconciling;
using Hypervize.Sizing;

namespace Hypervize.Provisioner.Weights;

/// <summary>
/// Has the weights of nodes on this machine's disk before they start. Fetching goes on by itself; who waits for it is looked at when it ends. Nothing of it
/// needs to be remembered: after a restart, who asks again is answered the same.
/// </summary>
/// <param name="cache">The cache.</param>
/// <param name="source">Where weights come from.</param>
/// <param name="launch">Knows which runtimes are given their weights, and which load them by themselves.</param>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="due">Told whom to look at.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class WeightLoads(WeightCache cache, WeightSource source, Launch launch, LocalNodes nodes, DueEndpoints due, TimeProvider time, ILogger<WeightLoads> log) : IDisposable
{
    // The Hub was asked within this time, and has said yes: while it is silent, that holds.
    private static readonly TimeSpan GrantHolds = TimeSpan.FromHours(24);
    private static readonly TimeSpan ToldEach = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Running> _fetches = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string EndpointId, string Key), (Failure Failure, DateTimeOffset At)> _failures = new();
    private readonly Lock _lock = new();
    private bool _stopped;

    /// <summary>What a node loads; null while it is on its way.</summary>
    /// <param name="endpointId">Its endpoint.</param>
    /// <param name="node">The node.</param>
    /// <param name="token">Its endpoint's token for the Hub; null for none.</param>
    /// <param name="cancel">Stops asking; what is fetched is fetched on.</param>
    /// <exception cref="CannotStartException">It is not to be had.</exception>
    public async Task<NodeFiles?> OfAsync(string endpointId, CapacityNode node, string? token, CancellationToken cancel)
    {
        if (node.Spec.Weights is not { } weights || !launch.Profile(node.Spec).IsGivenWeights) return new(null, null);
        var model = await LoadAsync(endpointId, weights, node.Since, token, cancel);
        var adapter = node.Spec.Adapter is { } on ? await LoadAsync(endpointId, on, node.Since, token, cancel) : null;
        return model is null || (adapter is null && node.Spec.Adapter is not null) ? null : new(model, adapter);
    }

    /// <summary>An endpoint waits for nothing any more.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public void Leave(string endpointId)
    {
        foreach (var running in _fetches.Values)
        {
            lock (_lock) running.Waiting.Remove(endpointId);
            // Its access is its own: others go on by theirs.
            if (running.Fetch.StartedBy == endpointId) running.Fetch.Cancel();
        }
        foreach (var old in _failures.Keys.Where(f => f.EndpointId == endpointId)) _failures.TryRemove(old, out _);
    }

    /// <summary>What an endpoint waits for, in words.</summary>
    /// <param name="endpointId">The endpoint.</param>
    public IReadOnlyList<string> Progress(string endpointId)
    {
        lock (_lock) return [.. _fetches.Values.Where(f => f.Waiting.Contains(endpointId)).Select(f => f.Fetch.Progress)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            foreach (var running in _fetches.Values) running.Fetch.Cancel();
        }
        source.Dispose();
    }

    private async Task<LocalWeights?> LoadAsync(string endpointId, NodeWeights weights, DateTimeOffset requestedAt, string? token, CancellationToken cancel)
    {
        if (ModelReference.Parse(weights.Model) is ModelReference.Folder folder) return InPlace(folder, weights);
        var key = WeightKey.Of(weights);
        if (_failures.TryGetValue((endpointId, key), out var last) && last.At >= requestedAt) throw new CannotStartException(last.Failure);
        if (await cache.FindAsync(key, cancel) is { } entry)
        {
            if (entry.IsGuarded) await CheckAsync(entry, endpointId, token, cancel);
            return cache.Use(entry);
        }
        Await(key, weights, endpointId, token);
        return null;
    }

    // What is in the cache may have been fetched by somebody else's access.
    private async Task CheckAsync(WeightEntry entry, string endpointId, string? token, CancellationToken cancel)
    {
        try
        {
            await source.CheckAccessAsync(entry.Weights, token, cancel);
            cache.Grant(entry, endpointId);
        }
        catch (WeightsUnavailableException e) when (e.MayPass && entry.Granted.TryGetValue(endpointId, out var granted) && granted + GrantHolds > time.GetUtcNow())
        {
            log.LogWarning("The access of {EndpointId} to {Model} could not be checked, and held at {GrantedAt:u}: {Reason}", endpointId, entry.Weights.Model, granted, e.Message);
        }
        catch (WeightsUnavailableException e)
        {
            throw new CannotStartException(e.Failure);
        }
    }

    private static LocalWeights InPlace(ModelReference.Folder folder, NodeWeights weights)
    {
        var path = weights.File is { } file ? Path.Combine(folder.Path, file) : folder.Path;
        return Path.Exists(path)
            ? new(path, Bytes: null, Key: null, FetchedAt: null)
            : throw new CannotStartException(new(FailureCode.WeightsUnavailable, $"There is no {path} on the machine that nodes run on. Put the weights there.", null));
    }

    private void Await(string key, NodeWeights weights, string endpointId, string? token)
    {
        lock (_lock)
        {
            if (_stopped) return;
            if (_fetches.TryGetValue(key, out var running))
            {
                running.Waiting.Add(endpointId);
                return;
            }
            _fetches[key] = running = new(new(weights, endpointId, cache, time), [endpointId]);
            _ = Task.Run(() => FetchAsync(key, running, token));
        }
    }

    private async Task FetchAsync(string key, Running running, string? token)
    {
        var fetch = running.Fetch;
        try
        {
            log.LogInformation("{EndpointId} waits for {Key}, which is fetched", fetch.StartedBy, key);
            var done = fetch.RunAsync(source, token, InUse);
            while (await Task.WhenAny(done, Task.Delay(ToldEach, time)) != done) log.LogInformation("{Progress}", fetch.Progress);
            await done;
            log.LogInformation("{Key} is there", key);
        }
        catch (OperationCanceledException)
        {
            log.LogInformation("{Key} is not waited for any more; what came of it is kept for the next time", key);
        }
        catch (Exception e)
        {
            var failure = e is WeightsUnavailableException known ? known.Failure
                : new Failure(FailureCode.WeightsUnavailable, $"The weights could not be written: {e.Message} Check disk and rights of the weights' folder.", null);
            log.LogWarning("{Key} could not be fetched: {Reason}", key, e.Message);
            _failures[(fetch.StartedBy, key)] = (failure, time.GetUtcNow());
        }
        List<string> waiting;
        lock (_lock)
        {
            _fetches.TryRemove(key, out _);
            waiting = [.. running.Waiting];
            fetch.Dispose();
        }
        foreach (var endpointId in waiting) due.Mark(endpointId);
    }

    private HashSet<string> InUse() =>
        [.. nodes.All.Where(n => n.Seen.IsAlive).SelectMany(n => (string?[])[n.Manifest.Files?.Model?.Key, n.Manifest.Files?.Adapter?.Key]).OfType<string>()];

    private sealed record Running(WeightFetch Fetch, HashSet<string> Waiting);
}
