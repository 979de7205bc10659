using Hypervize.Catalog;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Api;

/// <summary>The route of the catalogue.</summary>
public static class HardwareRoutes
{
    /// <summary>Maps the route.</summary>
    /// <param name="app">The service.</param>
    public static void MapHardware(this WebApplication app) => app.MapGet("/v1/hardware", (HardwareCatalog catalog, TimeProvider time) => Results.Ok(new HardwareList(
        [.. catalog.All.Select(h => new HardwareResource(h.Id, h.Gpu, h.GpuCount, h.GpuMemoryMib, h.Vcpu, h.MemoryGib, catalog.PricePerHour(h.Id, time.GetUtcNow())))],
        [.. catalog.AddOns.Select(id => new AddOn(id, catalog.AddOnPricePerHour(id, time.GetUtcNow())))])))
        .Answers<HardwareList>(200).WithTags("Hardware").Describe("List hardware with prices", "listHardware");
}
