using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Hypervize.Hosting;

namespace Hypervize.Provisioner.Weights;

/// <summary>Whether there is room for weights.</summary>
/// <param name="IsThere">Whether there is.</param>
/// <param name="ComesSoon">Whether there will be in a minute, since weights that were just given to a node may go then.</param>
/// <param name="Most">Bytes that could be had at most.</param>
public readonly record struct Room(bool IsThere, bool ComesSoon, long Most);

/// <summary>
/// Weights on this machine's disk, each a folder that is whole or not there, shared by all nodes. <c>KEY/</c> holds the model's files and <c>.hypervize.json</c>, which says
/// what they are, <c>KEY.partial/</c> is on its way, <c>KEY.reserved</c> says how large that will be, and <c>KEY.lock</c> is held by whoever changes one of them, in whatever process.
/// </summary>
public sealed class WeightCache
{
    private const string Gathered = ".partial", Reservation = ".reserved", Description = ".hypervize.json";
    private const long StaysFree = 1_000_000_000;
    private static readonly TimeSpan GrantsAreKept = TimeSpan.FromDays(7);

    private readonly string _folder;
    private readonly long _most;
    private readonly TimeProvider _time;
    private readonly ILogger<WeightCache> _log;

    /// <summary>A cache.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="most">Bytes it may take.</param>
    /// <param name="time">Time.</param>
    /// <param name="log">Log.</param>
    public WeightCache(string folder, long most, TimeProvider time, ILogger<WeightCache> log) => (_folder, _most, _time, _log) = (folder, most, time, log);

    /// <summary>Weights that are there whole; null when they are not. What is there and is not what was fetched is thrown away.</summary>
    /// <param name="key">Their key.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<WeightEntry?> FindAsync(string key, CancellationToken cancel)
    {
        if (Read(key) is not { } entry) return null;
        foreach (var file in entry.Files)
        {
            if (await IsWholeAsync(key, file, cancel)) continue;
            _log.LogWarning("{File} of {Key} is not what was fetched; these weights are fetched anew", file.Path, key);
            using var hold = TryHold(key);
            if (hold is not null) Remove(key);
            return null;
        }
        return entry;
    }

    /// <summary>Weights as a node is given them. From now on they count as used.</summary>
    /// <param name="entry">The entry.</param>
    public LocalWeights Use(WeightEntry entry)
    {
        var key = WeightKey.Of(entry.Weights);
        File.SetLastWriteTimeUtc(Document(key), _time.GetUtcNow().UtcDateTime);
        return new(entry.Weights.File is { } file ? Path.Combine(Whole(key), file) : Whole(key), entry.Files.Sum(f => f.Bytes), key, entry.FetchedAt);
    }

    /// <summary>Notes that an endpoint may have weights that not everyone may.</summary>
    /// <param name="entry">The weights.</param>
    /// <param name="endpointId">The endpoint.</param>
    public void Grant(WeightEntry entry, string endpointId)
    {
        var now = _time.GetUtcNow();
        Write(Whole(WeightKey.Of(entry.Weights)), entry with
        {
            Granted = entry.Granted.Where(g => g.Key != endpointId && g.Value + GrantsAreKept > now).Append(KeyValuePair.Create(endpointId, now)).ToDictionary(),
        });
    }

    /// <summary>Holds weights against all others who would change them, in this process and others; null when somebody else does.</summary>
    /// <param name="key">Their key.</param>
    public IDisposable? TryHold(string key)
    {
        Directory.CreateDirectory(_folder);
        try
        {
            return new FileStream(Path.Combine(_folder, $"{key}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The folder in which weights are gathered; what an earlier attempt left there is there still.</summary>
    /// <param name="key">Their key.</param>
    public string Partial(string key) => Path.Combine(_folder, key + Gathered);

    /// <summary>Makes what was gathered the weights, whole and at once. Its lock is held.</summary>
    /// <param name="key">Their key.</param>
    /// <param name="entry">What they are.</param>
    public void Publish(string key, WeightEntry entry)
    {
        Remove(key);
        Write(Partial(key), entry);
        Directory.Move(Partial(key), Whole(key));
        File.Delete(Reserved(key));
    }

    /// <summary>Removes the least recently used until there is room, and reserves it.</summary>
    /// <param name="key">Who needs it, and holds its lock.</param>
    /// <param name="bytes">Bytes it takes when it is whole.</param>
    /// <param name="inUse">Keys that nodes load from.</param>
    public Room MakeRoom(string key, long bytes, IReadOnlySet<string> inUse)
    {
        using var alone = TryHold("room"); // Two who reckon at once would count on the same room.
        if (alone is null) return new(IsThere: false, ComesSoon: true, bytes);
        var all = Places(inUse);
        var others = all.Where(p => p.Occupant.Key != key).Select(p => p.Occupant).ToList();
        var capacity = Math.Min(_most, all.Sum(p => p.OnDisk) + new DriveInfo(_folder).AvailableFreeSpace - StaysFree);
        var now = _time.GetUtcNow();
        if (Eviction.For(others, bytes, capacity, now) is not { } leaving)
            return new(IsThere: false, Eviction.For(others, bytes, capacity, now + Eviction.JustUsed) is not null, Math.Max(0, capacity - others.Where(o => o.IsInUse).Sum(o => o.Bytes)));

        var isThere = true;
        foreach (var (other, size, _, _) in leaving)
        {
            using var hold = TryHold(other);
            isThere &= hold is not null; // Somebody fetches it anew meanwhile.
            if (hold is null) continue;
            _log.LogInformation("Removing {Key} from the cache, {Bytes:N0} bytes, the least recently used", other, size);
            Remove(other);
            if (Directory.Exists(Partial(other))) Directory.Delete(Partial(other), recursive: true);
            File.Delete(Reserved(other));
        }
        if (isThere) File.WriteAllText(Reserved(key), bytes.ToString(CultureInfo.InvariantCulture));
        return new(isThere, ComesSoon: true, bytes);
    }

    // Who is being fetched takes as much as it will, whatever has come of it.
    private List<(Occupant Occupant, long OnDisk)> Places(IReadOnlySet<string> inUse) =>
    [
        .. from key in Directory.EnumerateFileSystemEntries(_folder).Select(p => Path.GetFileName(p)).Where(n => Directory.Exists(Path.Combine(_folder, n)) || n.EndsWith(Reservation, StringComparison.Ordinal))
               .Select(n => n.EndsWith(Gathered, StringComparison.Ordinal) ? n[..^Gathered.Length] : n.EndsWith(Reservation, StringComparison.Ordinal) ? n[..^Reservation.Length] : n).Distinct(StringComparer.Ordinal)
           let onDisk = BytesOf(Whole(key)) + BytesOf(Partial(key))
           let isFetched = IsHeld(key)
           let bytes = isFetched && File.Exists(Reserved(key)) && long.TryParse(File.ReadAllText(Reserved(key)), CultureInfo.InvariantCulture, out var reserved) ? Math.Max(onDisk, reserved) : onDisk
           select (new Occupant(key, bytes, UsedAt(key), inUse.Contains(key) || isFetched), onDisk),
    ];

    private bool IsHeld(string key)
    {
        using var hold = TryHold(key);
        return hold is null;
    }

    private DateTimeOffset UsedAt(string key) =>
        ((string[])[Document(key), Partial(key), Whole(key)]).Where(Path.Exists).Select(p => (DateTimeOffset)File.GetLastWriteTimeUtc(p)).DefaultIfEmpty(DateTimeOffset.MinValue).First();

    private async Task<bool> IsWholeAsync(string key, KeptFile file, CancellationToken cancel)
    {
        var info = new FileInfo(Path.Combine(Whole(key), file.Path));
        if (!info.Exists || info.Length != file.Bytes) return false;
        if (info.LastWriteTimeUtc == file.ModifiedAt) return true;
        await using var content = info.OpenRead();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel)) == file.Sha256;
    }

    // Its document first: without it, weights are not there.
    private void Remove(string key)
    {
        if (!Directory.Exists(Whole(key))) return;
        File.Delete(Document(key));
        Directory.Delete(Whole(key), recursive: true);
    }

    private WeightEntry? Read(string key)
    {
        try
        {
            return JsonSerializer.Deserialize<WeightEntry>(File.ReadAllBytes(Document(key)), Json.Options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    private static void Write(string folder, WeightEntry entry)
    {
        var document = Path.Combine(folder, Description);
        var draft = $"{document}.{Guid.NewGuid():n}";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(entry, Json.Options));
        File.Move(draft, document, overwrite: true);
    }

    private string Whole(string key) => Path.Combine(_folder, key);

    private string Reserved(string key) => Path.Combine(_folder, key + Reservation);

    private string Document(string key) => Path.Combine(Whole(key), Description);

    private static long BytesOf(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;
}
