namespace Hypervize.Contracts;

/// <summary>Hardware and what it costs at this moment.</summary>
/// <param name="Id">Catalogue id.</param>
/// <param name="Gpu">Name of the GPU.</param>
/// <param name="GpuCount">GPUs.</param>
/// <param name="GpuMemoryMib">Memory of each, MiB.</param>
/// <param name="Vcpu">Virtual processors.</param>
/// <param name="MemoryGib">Main memory, GiB.</param>
/// <param name="PricePerHour">US dollars.</param>
public sealed record HardwareResource(string Id, string? Gpu, int GpuCount, int GpuMemoryMib, int Vcpu, decimal MemoryGib, decimal PricePerHour);

/// <summary>The catalogue.</summary>
/// <param name="Hardware">In the catalogue's order.</param>
/// <param name="AddOns">What an endpoint may have beside, and what it costs at this moment.</param>
public sealed record HardwareList(IReadOnlyList<HardwareResource> Hardware, IReadOnlyList<AddOn> AddOns);
