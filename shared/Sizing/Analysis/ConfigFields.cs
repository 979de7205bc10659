using System.Text.Json;

namespace Hypervize.Sizing.Analysis;

/// <summary>
/// Reads a model's <c>config.json</c>: multimodal models keep the text model's dimensions under <c>text_config</c>, and older
/// architectures have other names for the same thing.
/// </summary>
/// <param name="config">The document.</param>
/// <param name="isWhole">Whether it is all of it: only then what it leaves out is what its class assumes.</param>
internal sealed class ConfigFields(JsonElement config, bool isWhole)
{
    private const int LongestWord = 200;

    private static readonly string[] TextParts = ["text_config", "llm_config", "language_config", "thinker_config"];

    // What transformers' classes assume when a config leaves it out (GemmaConfig, Gemma2Config, Gemma3TextConfig, LlamaConfig, MistralConfig): Gemma 3's own configs do,
    // and those of multimodal models around an older text model.
    private static readonly Dictionary<string, Dictionary<string, int>> Assumed = new(StringComparer.Ordinal)
    {
        ["gemma3_text"] = new(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = 26, ["num_attention_heads"] = 8, ["num_key_value_heads"] = 4, ["head_dim"] = 256, ["hidden_size"] = 2304,
            ["max_position_embeddings"] = 131_072, ["sliding_window"] = 4096, ["sliding_window_pattern"] = 6, ["vocab_size"] = 262_208,
        },
        ["llama"] = new(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = 32, ["num_attention_heads"] = 32, ["hidden_size"] = 4096, ["max_position_embeddings"] = 2048, ["vocab_size"] = 32_000,
        },
        ["mistral"] = new(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = 32, ["num_attention_heads"] = 32, ["num_key_value_heads"] = 8, ["hidden_size"] = 4096, ["max_position_embeddings"] = 131_072, ["vocab_size"] = 32_000,
        },
        ["llama4_text"] = new(StringComparer.Ordinal) { ["no_rope_layer_interval"] = 4 },
        ["gemma"] = new(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = 28, ["num_attention_heads"] = 16, ["num_key_value_heads"] = 16, ["head_dim"] = 256, ["hidden_size"] = 3072, ["max_position_embeddings"] = 8192, ["vocab_size"] = 256_000,
        },
        ["gemma2"] = new(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = 26, ["num_attention_heads"] = 8, ["num_key_value_heads"] = 4, ["head_dim"] = 256, ["hidden_size"] = 2304, ["max_position_embeddings"] = 8192,
            ["sliding_window"] = 4096, ["sliding_window_pattern"] = 2, ["vocab_size"] = 256_000,
        },
    };

    private readonly JsonElement _root = config;
    private readonly JsonElement _text = Text(config);

    /// <summary>Architecture that the config names first.</summary>
    public string? Architecture => _root.TryGetProperty("architectures", out var all) && all is { ValueKind: JsonValueKind.Array } && all.GetArrayLength() > 0 && all[0].ValueKind == JsonValueKind.String ? Shown(all[0].GetString()) : null;

    /// <summary>Type of the text model; of the whole when it has no part of its own.</summary>
    public string? TextType => String(_text, "model_type") ?? String(_root, "model_type");

    /// <summary>Type of the whole.</summary>
    public string? Type => String(_root, "model_type") ?? TextType;

    /// <summary>Whether the whole is more than its text model.</summary>
    public bool IsMultimodal => !_text.Equals(_root);

    /// <summary>A whole number, by the first of its names that is there.</summary>
    /// <param name="names">Its names, dotted where it stands in an object of its own.</param>
    /// <returns>It and the path it was read at; null when no name is there.</returns>
    public (long Value, string Path)? Number(params string[] names)
    {
        foreach (var name in names)
        {
            if (Find(_text, name) is { } own && Whole(own) is { } number) return (number, _text.Equals(_root) ? name : $"text_config.{name}");
            if (Find(_root, name) is { } outer && Whole(outer) is { } fallback) return (fallback, name);
        }
        // What is there in a form that can't be read is not left out.
        if (names.Any(Has)) return null;
        if (isWhole && TextType is { } type && Assumed.TryGetValue(type, out var assumed))
            foreach (var name in names)
                if (assumed.TryGetValue(name, out var value)) return (value, $"{name} as {type} assumes it");
        return null;
    }

    /// <summary>A text.</summary>
    /// <param name="names">Its names.</param>
    public string? Word(params string[] names) => names.Select(n => Find(_text, n) ?? Find(_root, n)).Select(e => e is { ValueKind: JsonValueKind.String } s ? Shown(s.GetString()) : null).FirstOrDefault(s => s is not null);

    /// <summary>A flag; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    public bool? Flag(string name) => (Find(_text, name) ?? Find(_root, name)) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => null,
    };

    /// <summary>A fraction.</summary>
    /// <param name="name">Its name.</param>
    public double? Fraction(string name) => (Find(_text, name) ?? Find(_root, name)) is { ValueKind: JsonValueKind.Number } e && e.TryGetDouble(out var d) && double.IsFinite(d) ? d : null;

    /// <summary>A list of texts; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    public IReadOnlyList<string>? Words(string name) => (Find(_text, name) ?? Find(_root, name)) is { ValueKind: JsonValueKind.Array } all && all.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
        ? [.. all.EnumerateArray().Select(e => e.GetString()!)]
        : null;

    /// <summary>A list of whole numbers; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    public IReadOnlyList<long>? Numbers(string name) => (Find(_text, name) ?? Find(_root, name)) is { ValueKind: JsonValueKind.Array } all && all.EnumerateArray().All(e => Whole(e) is not null)
        ? [.. all.EnumerateArray().Select(e => Whole(e)!.Value)]
        : null;

    /// <summary>A list of objects; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    public IReadOnlyList<JsonElement>? Objects(string name) => (Find(_text, name) ?? Find(_root, name)) is { ValueKind: JsonValueKind.Array } all && all.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Object)
        ? [.. all.EnumerateArray()]
        : null;

    /// <summary>All whole numbers that stand under some names, which say the same in other words.</summary>
    /// <param name="names">The names.</param>
    public IEnumerable<(long Value, string Path)> All(params string[] names) => names.Where(Has).Select(n => Number(n)).OfType<(long, string)>();

    /// <summary>Whether something is there, and not null.</summary>
    /// <param name="name">Its name.</param>
    public bool Has(string name) => (Find(_text, name) ?? Find(_root, name)) is { ValueKind: not JsonValueKind.Null };

    private static JsonElement Text(JsonElement root)
    {
        foreach (var part in TextParts)
            if (Find(root, part) is { ValueKind: JsonValueKind.Object } text) return part == "thinker_config" ? Text(text) : text;
        return root;
    }

    private static JsonElement? Find(JsonElement at, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out var next)) return null;
            at = next;
        }
        return at;
    }

    // What no model has is not told: nothing that is computed from it may overflow.
    private static long? Whole(JsonElement e) => e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out var d) && d == Math.Floor(d) && Math.Abs(d) <= int.MaxValue ? (long)d : null;

    private static string? String(JsonElement at, string name) => Find(at, name) is { ValueKind: JsonValueKind.String } s ? Shown(s.GetString()) : null;

    // A word of a config is shown to people: one that is none is not there.
    private static string? Shown(string? word) => word is { Length: > 0 and <= LongestWord } && !word.Any(char.IsControl) ? word : null;
}
