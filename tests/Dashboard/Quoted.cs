using System.Text.Json.Nodes;
using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Sizing;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Quotes;

namespace Hypervize.Dashboard.Tests;

/// <summary>Quotes as the API makes them: by the same arithmetic, of a model in the shape of Llama 3.1 8B.</summary>
internal static class Quoted
{
    private static int _made;

    public static HardwareCatalog Catalog { get; } = HardwareCatalog.Load().With(new Hypervize.Catalog.Hardware(HardwareCatalog.Local, null, null, 0, 0, 8, 32, null));

    /// <summary>What <c>GET /v1/hardware</c> answers.</summary>
    public static HardwareList List { get; } = new(
        [.. Catalog.All.Select(h => new HardwareResource(h.Id, h.Gpu, h.GpuCount, h.GpuMemoryMib, h.Vcpu, h.MemoryGib, Catalog.PricePerHour(h.Id, Some.Now)))],
        [new("telemetry", Catalog.AddOnPricePerHour("telemetry", Some.Now)), new("custom_domain", Catalog.AddOnPricePerHour("custom_domain", Some.Now))]);

    public static ModelAnalysis Model(string name = "acme/Llama-8B") => new(name, "0123456789abcdef", ModelTask.Chat, WeightFormat.Safetensors, 8_030_261_248, 16_060_522_496, 16_060_522_496, 131_072, 131_072)
    {
        Layers = [new(32, 4096, 8, null)], Heads = 32, KvHeads = 8, HeadDim = 128, Sources = new Dictionary<string, string> { ["parameters"] = "the count of safetensors' elements" },
    };

    public static Answer<Quote> Of(ModelAnalysis model, QuoteRequest request) => Quoting.Of(model, request, Catalog.All, Catalog, Some.Now);

    /// <summary>What <c>POST /v1/quotes</c> answers, of the model that is asked for.</summary>
    public static Func<JsonNode?, (int Status, object? Body)> Answer { get; } = body => Told(Model((string)body!["model"]!), body);

    /// <summary>The same, of a certain model.</summary>
    public static Func<JsonNode?, (int Status, object? Body)> AnswerOf(ModelAnalysis model) => body => Told(model, body!);

    private static (int Status, object? Body) Told(ModelAnalysis model, JsonNode body)
    {
        var answer = Of(model, new(
            model.Model, new(Number(body["context"]), 1, (string?)body["quantization"]), (string?)body["hardware"], Number(body["scaling"]?["min"]) ?? 0, Number(body["scaling"]?["max"]) ?? 1,
            (bool?)body["telemetry"] is true ? ["telemetry"] : []));
        return answer.Value is { } quote
            ? (201, quote with { Id = $"quote-{Interlocked.Increment(ref _made):x12}", ExpiresAt = Some.Now.AddHours(1) })
            : (422, new { code = "model_too_large", detail = answer.Refusal!.Message, errors = new Dictionary<string, string[]> { ["model"] = [answer.Refusal.Message] } });
    }

    private static int? Number(JsonNode? node) => (int?)node;
}
