using System.Text.Json.Nodes;

namespace Hypervize.Kit.Hub;

/// <summary>A model as the Hub has it.</summary>
/// <param name="Info">What <c>/api/models/{id}</c> tells.</param>
/// <param name="Files">Contents of files by path; a file without content is not served.</param>
/// <param name="Expect">What arithmetic makes of it; null where nobody states it.</param>
public sealed record HubModel(JsonObject Info, Dictionary<string, byte[]> Files, JsonObject Expect)
{
    public string Id => (string)Info["id"]!;

    public string Revision => (string)Info["sha"]!;

    public bool IsGated => Info["gated"] is JsonValue gated && gated.TryGetValue<string>(out _);

    public bool IsPrivate => Info["private"] is JsonValue closed && closed.TryGetValue<bool>(out var isClosed) && isClosed;

    /// <summary>Models of every kind, with the sources of their figures beside them.</summary>
    public static IReadOnlyList<HubModel> All { get; } = Load();

    private static List<HubModel> Load()
    {
        using var stream = typeof(HubModel).Assembly.GetManifestResourceStream("models.json")!;
        return [.. JsonNode.Parse(stream)!["models"]!.AsArray().Select(m =>
        {
            var files = new Dictionary<string, byte[]>();
            if (m!["config"] is { } config) files["config.json"] = Bytes(config);
            if (m["index"] is { } index) files["model.safetensors.index.json"] = Bytes(index);
            return new HubModel(m["info"]!.DeepClone().AsObject(), files, m["expect"]!.DeepClone().AsObject());
        })];
    }

    private static byte[] Bytes(JsonNode node) => System.Text.Encoding.UTF8.GetBytes(node.ToJsonString());
}
