using Hypervize.Catalog;

namespace Hypervize.Endpoints.Api;

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
public sealed record HardwareList(IReadOnlyList<HardwareResource> Hardware);

/// <summary>The route of the catalogue.</summary>
public static class HardwareRoutes
{
    /// <summary>Maps the route.</summary>
    /// <param name="app">The service.</param>
    public static void MapHardware(this WebApplication app) => app.MapGet("/v1/hardware", (HardwareCatalog catalog, TimeProvider time) => Results.Ok(new HardwareList(
        [.. catalog.All.Select(h => new HardwareResource(h.Id, h.Gpu, h.GpuCount, h.GpuMemoryMib, h.Vcpu, h.MemoryGib, catalog.PricePerHour(h.Id, time.GetUtcNow())))])))
        .Answers<HardwareList>(200).WithTags("Hardware").Describe("List hardware with prices", "listHardware");
}
