using System.Globalization;
using Hypervize.Contracts;

namespace Hypervize.Provisioner.Weights;

/// <summary>Brings weights into the cache, whole and checked. Ended at any point, the next one goes on where it was.</summary>
/// <param name="weights">The weights.</param>
/// <param name="startedBy">The endpoint whose access they are fetched by.</param>
/// <param name="cache">The cache.</param>
/// <param name="time">Time.</param>
public sealed class WeightFetch(NodeWeights weights, string startedBy, WeightCache cache, TimeProvider time) : IDisposable
{
    private const int AtOnce = 4;
    private static readonly TimeSpan OthersAreAwaited = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RoomIsAwaited = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] SourceIsAwaited = [.. new[] { 1, 2, 5, 10, 20, 30 }.Select(s => TimeSpan.FromSeconds(s))];

    private readonly CancellationTokenSource _cancel = new();
    private readonly long _startedAt = time.GetTimestamp();
    private IReadOnlyList<FileDownload> _downloads = [];
    private long _total, _before;

    /// <summary>The endpoint whose access they are fetched by.</summary>
    public string StartedBy => startedBy;

    /// <summary>How far it is, in words.</summary>
    public string Progress
    {
        get
        {
            var done = _downloads.Sum(d => d.Written);
            if (_total == 0) return $"Looking for {weights.Model}";
            var perSecond = Math.Max(0, done - _before) / Math.Max(0.001, time.GetElapsedTime(_startedAt).TotalSeconds);
            return string.Create(CultureInfo.InvariantCulture, $"Fetching {weights.Model}: {done / 1e9:0.00} of {_total / 1e9:0.00} GB ({100 * done / _total} %), {perSecond / 1e6:0} MB/s");
        }
    }

    /// <summary>Ends it; what came stays for the next one.</summary>
    public void Cancel() => _cancel.Cancel();

    /// <summary>Fetches.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="token">Token for the Hub; null for none.</param>
    /// <param name="inUse">Keys that nodes load from.</param>
    /// <exception cref="WeightsUnavailableException">They are not to be had.</exception>
    public async Task RunAsync(WeightSource source, string? token, Func<IReadOnlySet<string>> inUse)
    {
        var cancel = _cancel.Token;
        var key = WeightKey.Of(weights);
        using var hold = await HoldAsync(key, cancel);
        if (await cache.FindAsync(key, cancel) is not null) return; // Whoever held them has fetched them.

        var listing = await ListAsync(source, token, cancel);
        var total = listing.Files.Sum(f => f.Bytes!.Value);
        await MakeRoomAsync(key, total, inUse, cancel);
        var folder = cache.Partial(key);
        Forget(folder, listing);
        var downloads = listing.Files.Select(f => new FileDownload(Path.Combine(folder, f.Path), f, listing, time)).ToList();
        (_before, _downloads, _total) = (Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) : 0, downloads, total);

        var kept = new KeptFile[downloads.Count];
        await Parallel.ForAsync(0, downloads.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
            async (i, stop) => kept[i] = await downloads[i].RunAsync(stop));
        var now = time.GetUtcNow();
        cache.Publish(key, new(weights, kept, now, listing.IsGuarded, new Dictionary<string, DateTimeOffset> { [startedBy] = now }));
    }

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();

    private async Task<IDisposable> HoldAsync(string key, CancellationToken cancel)
    {
        while (true)
        {
            if (cache.TryHold(key) is { } hold) return hold;
            await Task.Delay(OthersAreAwaited, time, cancel); // Another replica's, or one that this replica has just given up.
        }
    }

    private async Task<WeightListing> ListAsync(WeightSource source, string? token, CancellationToken cancel)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await source.ListAsync(weights, token, cancel);
            }
            catch (WeightsUnavailableException e) when (e.MayPass && tries < SourceIsAwaited.Length)
            {
                await Task.Delay(SourceIsAwaited[tries], time, cancel);
            }
        }
    }

    private async Task MakeRoomAsync(string key, long bytes, Func<IReadOnlySet<string>> inUse, CancellationToken cancel)
    {
        while (cache.MakeRoom(key, bytes, inUse()) is { IsThere: false } room)
        {
            if (!room.ComesSoon)
                throw WeightsUnavailableException.NoRoom(string.Create(CultureInfo.InvariantCulture,
                    $"{weights.Model} takes {bytes / 1e9:0.0} GB of disk, and {room.Most / 1e9:0.0} GB could be had beside what running nodes have loaded. Free the disk, set Weights__MaxGb higher, or stop another endpoint."));
            await Task.Delay(RoomIsAwaited, time, cancel);
        }
    }

    // Files of an earlier attempt that are not listed any more would be taken for the model's.
    private static void Forget(string folder, WeightListing listing)
    {
        if (!Directory.Exists(folder)) return;
        var listed = listing.Files.Select(f => Path.Combine(folder, f.Path)).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !listed.Contains(f)).ToList()) File.Delete(file);
    }
}
