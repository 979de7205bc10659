using CsCheck;
using Hypervize.Catalog;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Fit;

namespace Hypervize.Sizing.Tests;

/// <summary>Models and hardware, one and random ones.</summary>
internal static class A
{
    public static HardwareCatalog Catalog { get; } = HardwareCatalog.Load();

    public static DateTimeOffset Moment { get; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    // Llama 3.1 8B's shape: 32 layers, 32 heads, 8 of keys and values, of 128.
    public static ModelAnalysis Model(long weightBytes = 16_060_522_496, int layers = 32, int heads = 32, int kvHeads = 8, int headDim = 128, int maxContext = 131_072, int? window = null, WeightFormat format = WeightFormat.Safetensors) =>
        new("org/model", "abc", ModelTask.Chat, format, weightBytes / 2, weightBytes, weightBytes, 2L * layers * kvHeads * headDim * 2, maxContext)
        {
            Layers = [new(layers, 2L * kvHeads * headDim * 2, kvHeads, window)], Heads = heads, KvHeads = kvHeads, HeadDim = headDim,
        };

    public static Gen<ModelAnalysis> AnyModel { get; } =
        from billions in Gen.Double[0.1, 700]
        from layers in Gen.Int[1, 120]
        from kvHeads in Gen.OneOf(1, 2, 3, 4, 8, 16, 32)
        from share in Gen.OneOf(1, 2, 4, 7, 8)
        from headDim in Gen.OneOf(64, 96, 128, 256)
        from context in Gen.OneOf(512, 2048, 8192, 32_768, 131_072, 1_048_576)
        from window in Gen.OneOf<int?>(null, null, 128, 4096)
        from format in Gen.OneOf(WeightFormat.Safetensors, WeightFormat.Safetensors, WeightFormat.Gguf)
        from estimate in Gen.Bool
        select Model((long)(billions * 2e9), layers, kvHeads * share, kvHeads, headDim, context, window, format) with { IsEstimate = estimate };

    public static Gen<Hardware> AnyHardware { get; } = Gen.OneOf([.. Catalog.All.Where(h => h.GpuCount > 0)]);

    public static Gen<Ask> AnyAsk { get; } =
        from context in Gen.Nullable(Gen.Int[1, 200_000])
        from concurrency in Gen.Int[1, 64]
        from quantization in Gen.OneOf<string?>(null, null, "fp8", "bitsandbytes")
        select new Ask(context, concurrency, quantization);

    public static HardwareOption Fit(this ModelAnalysis model, string hardware, int? context = null, int concurrency = 1) =>
        HardwareFit.Of(model, Catalog.Find(hardware)!, new(context, concurrency), Catalog.PricePerHour(hardware, Moment));
}
