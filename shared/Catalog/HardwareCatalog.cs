using System.Text.Json;

namespace Hypervize.Catalog;

/// <summary>A kind of node that can be chosen.</summary>
/// <param name="Id">Its id: the EC2 instance type, or <c>local</c> for the machine Hypervize runs on.</param>
/// <param name="Gpu">Name of the GPU; null when it has none of its own.</param>
/// <param name="ComputeCapability">CUDA compute capability of the GPU, which says what kernels it runs; null when it has none or it is not known.</param>
/// <param name="GpuCount">GPUs.</param>
/// <param name="GpuMemoryMib">Memory of each GPU as it reports it, MiB: less than advertised on some.</param>
/// <param name="Vcpu">Virtual processors.</param>
/// <param name="MemoryGib">Main memory, GiB.</param>
/// <param name="Architecture">Processor architecture, as EC2 spells it; null when it is whatever the machine has.</param>
public sealed record Hardware(string Id, string? Gpu, decimal? ComputeCapability, int GpuCount, int GpuMemoryMib, int Vcpu, decimal MemoryGib, string? Architecture);

/// <summary>What hardware and add-ons there are and what they cost, each price from a day on. Immutable.</summary>
public sealed class HardwareCatalog
{
    /// <summary>Id of the machine that Hypervize runs on.</summary>
    public const string Local = "local";

    // A field left out would else be read as null or 0: a price of nothing.
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    };

    private readonly Dictionary<string, Hardware> _hardware;
    private readonly ILookup<string, Price> _hardwarePrices;
    private readonly ILookup<string, Price> _addOnPrices;

    private HardwareCatalog(Document document)
    {
        var prices = document.Prices.Select(p => new Price(p.Hardware, p.PerHour, Start(p.From))).ToList();
        var addOns = document.AddOns.Select(p => new Price(p.AddOn, p.PerHour, Start(p.From))).ToList();
        var errors = Errors(document.Hardware, prices, addOns).ToList();
        if (errors.Count > 0) throw new InvalidDataException($"The catalogue is wrong:\n  {string.Join("\n  ", errors)}");

        _hardware = document.Hardware.ToDictionary(h => h.Id);
        _hardwarePrices = prices.OrderByDescending(p => p.From).ToLookup(p => p.Of);
        _addOnPrices = addOns.OrderByDescending(p => p.From).ToLookup(p => p.Of);
        All = [.. document.Hardware];
        AddOns = [.. document.AddOns.Select(p => p.AddOn).Distinct()];
    }

    private HardwareCatalog(HardwareCatalog it, Hardware machine)
    {
        All = [.. it.All.Select(h => h.Id == machine.Id ? machine : h)];
        (_hardware, _hardwarePrices, _addOnPrices, AddOns) = (All.ToDictionary(h => h.Id), it._hardwarePrices, it._addOnPrices, it.AddOns);
    }

    /// <summary>All hardware, in the catalogue's order.</summary>
    public IReadOnlyList<Hardware> All { get; }

    /// <summary>Ids of all add-ons, in the catalogue's order.</summary>
    public IReadOnlyList<string> AddOns { get; }

    /// <summary>The catalogue with the machine Hypervize runs on as it was found.</summary>
    /// <param name="machine">The machine.</param>
    public HardwareCatalog With(Hardware machine) => new(this, machine);

    /// <summary>The catalogue that ships with Hypervize.</summary>
    public static HardwareCatalog Load()
    {
        using var stream = typeof(HardwareCatalog).Assembly.GetManifestResourceStream("catalog.json")!;
        return Parse(stream);
    }

    /// <summary>Reads a catalogue.</summary>
    /// <param name="json">Its text.</param>
    /// <exception cref="InvalidDataException">Says everything that is wrong with it.</exception>
    public static HardwareCatalog Parse(Stream json)
    {
        try
        {
            return new(JsonSerializer.Deserialize<Document>(json, Strict) ?? throw new InvalidDataException("The catalogue is empty."));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The catalogue is no JSON of the expected shape: {e.Message}", e);
        }
    }

    /// <summary>Hardware by id; null when there is none.</summary>
    /// <param name="id">Id.</param>
    public Hardware? Find(string id) => _hardware.GetValueOrDefault(id);

    /// <summary>US dollars per hour of a node.</summary>
    /// <param name="hardwareId">Id of hardware in the catalogue.</param>
    /// <param name="at">When.</param>
    /// <exception cref="ArgumentException">The catalogue has no such hardware.</exception>
    public decimal PricePerHour(string hardwareId, DateTimeOffset at) => At(_hardwarePrices, hardwareId, at);

    /// <summary>US dollars per endpoint and hour of an add-on.</summary>
    /// <param name="addOnId">Id of an add-on in the catalogue.</param>
    /// <param name="at">When.</param>
    /// <exception cref="ArgumentException">The catalogue has no such add-on.</exception>
    public decimal AddOnPricePerHour(string addOnId, DateTimeOffset at) => At(_addOnPrices, addOnId, at);

    private static decimal At(ILookup<string, Price> prices, string id, DateTimeOffset at)
    {
        if (!prices.Contains(id)) throw new ArgumentException($"The catalogue has no {id}.", nameof(id));
        // Before its first price a thing costs what it costs first.
        return prices[id].Where(p => p.From <= at).Append(prices[id].Last()).First().PerHour;
    }

    private static IEnumerable<string> Errors(IReadOnlyList<Hardware> hardware, IReadOnlyList<Price> prices, IReadOnlyList<Price> addOns)
    {
        var ids = hardware.Select(h => h.Id).ToHashSet();
        foreach (var twice in hardware.GroupBy(h => h.Id).Where(g => g.Count() > 1)) yield return $"hardware {twice.Key} stands twice";
        foreach (var free in ids.Except(prices.Select(p => p.Of))) yield return $"hardware {free} has no price";
        foreach (var stray in prices.Select(p => p.Of).Distinct().Except(ids)) yield return $"there is a price for {stray}, which is no hardware";
        foreach (var negative in prices.Concat(addOns).Where(p => p.PerHour < 0)) yield return $"the price of {negative.Of} from {negative.From:yyyy-MM-dd} is negative";
        foreach (var twice in prices.Concat(addOns).GroupBy(p => (p.Of, p.From)).Where(g => g.Count() > 1))
            yield return $"{twice.Key.Of} has two prices from {twice.Key.From:yyyy-MM-dd}";
    }

    private static DateTimeOffset Start(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    private sealed record Price(string Of, decimal PerHour, DateTimeOffset From);

    private sealed record Document(IReadOnlyList<Hardware> Hardware, IReadOnlyList<HardwarePrice> Prices, IReadOnlyList<AddOnPrice> AddOns);

    private sealed record HardwarePrice(string Hardware, decimal PerHour, DateOnly From);

    private sealed record AddOnPrice(string AddOn, decimal PerHour, DateOnly From);
}
