using CsCheck;
using Hypervize.Provisioner.Weights;
using static Hypervize.Provisioner.Tests.Some;

namespace Hypervize.Provisioner.Tests.Weights;

/// <summary>What goes when there is no room.</summary>
public sealed class EvictionSpecs
{
    private static readonly DateTimeOffset Now = At(3600);

    [Fact]
    public void The_least_recently_used_goes_first_and_no_more_than_must() =>
        Assert.Equal(["old"], Leaving(25, 40, new("new", 10, At(30), false), new("old", 10, At(10), false), new("middle", 5, At(20), false)));

    [Fact]
    public void What_a_node_loads_from_stays_however_old() => Assert.Equal(["new"], Leaving(10, 20, new("loaded", 10, At(0), true), new("new", 10, At(30), false)));

    [Fact]
    public void What_a_node_was_just_given_stays_for_a_minute() => Assert.Null(Eviction.For([new("given", 10, Now.AddSeconds(-59), false)], 10, 10, Now));

    [Fact]
    public void Where_all_would_not_do_nothing_goes() => Assert.Null(Eviction.For([new("old", 10, At(0), false)], 21, 20, Now));

    private static readonly Gen<Occupant[]> Anyone =
        Gen.Select(Gen.Long[0, 100], Gen.Int[0, 3600], Gen.Bool, (bytes, used, inUse) => new Occupant($"{bytes}-{used}-{inUse}", bytes, At(used), inUse)).Array[0, 12];

    [Fact]
    public void Afterwards_there_is_room_and_whoever_stays_was_used_later_or_is_in_use() => Gen.Select(Anyone, Gen.Long[0, 300], Gen.Long[0, 600]).Sample((all, needed, capacity) =>
    {
        if (Eviction.For(all, needed, capacity, Now) is not { } leaving) return all.Where(o => o.IsInUse || o.UsedAt.AddMinutes(1) > Now).Sum(o => o.Bytes) + needed > capacity;
        var staying = all.ToList();
        foreach (var gone in leaving) staying.Remove(gone);
        return staying.Sum(o => o.Bytes) + needed <= capacity && leaving.All(o => !o.IsInUse)
            && (leaving.Count == 0 || staying.Where(o => !o.IsInUse && o.UsedAt.AddMinutes(1) <= Now).All(o => o.UsedAt >= leaving.Max(l => l.UsedAt)))
            && (leaving.Count == 0 || all.Sum(o => o.Bytes) - leaving.SkipLast(1).Sum(o => o.Bytes) + needed > capacity);
    });

    private static IEnumerable<string>? Leaving(long needed, long capacity, params Occupant[] all) => Eviction.For(all, needed, capacity, Now)?.Select(o => o.Key);
}
