using System.Globalization;
using Hypervize.Catalog;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Hardware;

/// <summary>What hardware is sorted by.</summary>
public enum HardwareOrder
{
    /// <summary>The cheapest first.</summary>
    Price,

    /// <summary>By catalogue id.</summary>
    Name,

    /// <summary>By the GPU's name.</summary>
    Gpu,

    /// <summary>The most GPU memory first.</summary>
    Memory,

    /// <summary>The most processors first.</summary>
    Vcpu,

    /// <summary>The most main memory first.</summary>
    Ram,
}

/// <summary>Which hardware is shown, and in which order. It stands in the page's address.</summary>
/// <param name="Memory">GPU memory that a node must have in all, GiB, as it is typed; empty for any.</param>
/// <param name="Order">Order.</param>
/// <param name="IsReversed">Whether the order is turned around.</param>
public sealed record HardwareQuery(string Memory, HardwareOrder Order, bool IsReversed)
{
    /// <summary>Hours of a month, as prices by the month are told.</summary>
    public const int HoursOfAMonth = 730;

    /// <summary>Reads what an address says; an order that there is not counts as not said.</summary>
    /// <param name="memory">GPU memory.</param>
    /// <param name="sort">An order, with a minus in front if it is turned around.</param>
    public static HardwareQuery Parse(string? memory, string? sort) => new(
        memory?.Trim() ?? "", sort?.TrimStart('-') is { Length: > 0 } name && char.IsLetter(name[0]) && Enum.TryParse<HardwareOrder>(name, ignoreCase: true, out var order) && Enum.IsDefined(order) ? order : HardwareOrder.Price,
        sort?.StartsWith('-') is true);

    /// <summary>GiB that a node must have; null for any, also when that is no number.</summary>
    public double? NeededGib => double.TryParse(Memory.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gib) && double.IsFinite(gib) ? gib : null;

    /// <summary>What is wrong with the memory that is typed; null for nothing.</summary>
    public string? Error => Memory.Trim().Length == 0 || NeededGib is not null ? null : "Must be a number of GiB, such as 24.";

    /// <summary>The same as parameters of an address; null for what it need not say.</summary>
    public IReadOnlyDictionary<string, object?> Parameters() => new Dictionary<string, object?>
    {
        ["memory"] = Memory.Trim() is { Length: > 0 } typed ? typed : null,
        ["sort"] = Order == HardwareOrder.Price && !IsReversed ? null : $"{(IsReversed ? "-" : "")}{Order.ToString().ToLowerInvariant()}",
    };

    /// <summary>Sorted by another column; by the same one a second time turns it around.</summary>
    /// <param name="order">The order.</param>
    public HardwareQuery SortedBy(HardwareOrder order) => this with { Order = order, IsReversed = order == Order && !IsReversed };

    /// <summary>What is shown of a catalogue: a machine of one's own last, as it is nothing that is rented.</summary>
    /// <param name="catalogue">The catalogue.</param>
    public IReadOnlyList<HardwareResource> Of(HardwareList catalogue)
    {
        var sorted = Sorted(catalogue.Hardware.Where(h => NeededGib is not { } needed || Gib(h) >= needed)).ThenBy(h => h.PricePerHour).ThenBy(h => h.Id, StringComparer.Ordinal).ToList();
        if (IsReversed) sorted.Reverse();
        return [.. sorted.OrderBy(h => h.Id == HardwareCatalog.Local)];
    }

    private static double Gib(HardwareResource it) => HardwareWords.TotalGib(it.GpuMemoryMib, it.GpuCount);

    private IOrderedEnumerable<HardwareResource> Sorted(IEnumerable<HardwareResource> hardware) => Order switch
    {
        HardwareOrder.Price => hardware.OrderBy(h => h.PricePerHour),
        HardwareOrder.Name => hardware.OrderBy(h => h.Id, StringComparer.Ordinal),
        HardwareOrder.Gpu => hardware.OrderBy(h => h.Gpu, StringComparer.OrdinalIgnoreCase).ThenBy(h => h.GpuCount),
        HardwareOrder.Memory => hardware.OrderByDescending(Gib),
        HardwareOrder.Vcpu => hardware.OrderByDescending(h => h.Vcpu),
        HardwareOrder.Ram => hardware.OrderByDescending(h => h.MemoryGib),
    };
}
