namespace Hypervize.Provisioner.Weights;

/// <summary>Something that takes room in the cache.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Bytes">Bytes it takes.</param>
/// <param name="UsedAt">When a node was last given it, or when it was last written to.</param>
/// <param name="IsInUse">Whether a node that lives loads from it, or it is being fetched.</param>
public sealed record Occupant(string Key, long Bytes, DateTimeOffset UsedAt, bool IsInUse);

/// <summary>What goes when there is no room: the least recently used first, and nothing that is in use. Pure.</summary>
public static class Eviction
{
    /// <summary>Who was just given weights may not have begun to load them yet: so long they stay.</summary>
    public static readonly TimeSpan JustUsed = TimeSpan.FromMinutes(1);

    /// <summary>Whom to remove, in order.</summary>
    /// <param name="occupants">Who is there.</param>
    /// <param name="needed">Bytes that are to come.</param>
    /// <param name="capacity">Bytes that all may take.</param>
    /// <param name="now">Time.</param>
    /// <returns>Null when there would not be room enough: then nobody is removed.</returns>
    public static IReadOnlyList<Occupant>? For(IReadOnlyCollection<Occupant> occupants, long needed, long capacity, DateTimeOffset now)
    {
        var excess = occupants.Sum(o => o.Bytes) + needed - capacity;
        var leaving = new List<Occupant>();
        foreach (var occupant in occupants.Where(o => !o.IsInUse && o.UsedAt + JustUsed <= now).OrderBy(o => o.UsedAt))
        {
            if (excess <= 0) break;
            leaving.Add(occupant);
            excess -= occupant.Bytes;
        }
        return excess <= 0 ? leaving : null;
    }
}
