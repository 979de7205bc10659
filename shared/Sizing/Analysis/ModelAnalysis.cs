using System.Text.Json.Serialization;

namespace Hypervize.Sizing.Analysis;

/// <summary>What a model is served for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelTask>))]
public enum ModelTask
{
    /// <summary>Chat, and completion too.</summary>
    [JsonStringEnumMemberName("chat")] Chat,

    /// <summary>Completion of text, without roles.</summary>
    [JsonStringEnumMemberName("completion")] Completion,

    /// <summary>Embedding of text.</summary>
    [JsonStringEnumMemberName("embedding")] Embedding,
}

/// <summary>How weights are stored, and so what loads them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WeightFormat>))]
public enum WeightFormat
{
    /// <summary>Safetensors, or what is converted to them while loading: vLLM's.</summary>
    [JsonStringEnumMemberName("safetensors")] Safetensors,

    /// <summary>GGUF: llama.cpp's.</summary>
    [JsonStringEnumMemberName("gguf")] Gguf,
}

/// <summary>A multi-head latent attention's dimensions: what it keeps of a token is one vector for all heads.</summary>
/// <param name="KvLoraRank">Dimension of the compressed keys and values.</param>
/// <param name="QkRopeHeadDim">Dimension of the part that bears the position.</param>
public sealed record LatentAttention(int KvLoraRank, int QkRopeHeadDim);

/// <summary>A number of layers that keep the same of a token.</summary>
/// <param name="Count">Layers.</param>
/// <param name="BytesPerToken">Bytes that one of them keeps of a token, on all GPUs together and none twice.</param>
/// <param name="KvHeads">Heads they are split by among GPUs; 0 when every GPU keeps all of it.</param>
/// <param name="Window">Tokens they look back at most; null for all.</param>
public sealed record CachedLayers(int Count, long BytesPerToken, int KvHeads, int? Window);

/// <summary>What is known of a model's size and shape.</summary>
/// <param name="Model">What was asked for.</param>
/// <param name="Revision">The revision that was analysed; null where there are none.</param>
/// <param name="Task">What it is served for.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="Parameters">Parameters; null when unknown.</param>
/// <param name="WeightBytes">Bytes of its weights as they are stored.</param>
/// <param name="LoadedBytes">Bytes of its weights as a runtime holds them: 32-bit floats are loaded as 16-bit ones.</param>
/// <param name="KvBytesPerToken">Bytes that all layers together keep of a token; windows are not considered. 0 for an encoder.</param>
/// <param name="MaxContext">Tokens of the longest sequence it was made for.</param>
public sealed record ModelAnalysis(
    string Model, string? Revision, ModelTask Task, WeightFormat Format, long? Parameters, long WeightBytes, long LoadedBytes, long KvBytesPerToken, int MaxContext)
{
    /// <summary>Its architecture, as its config names it.</summary>
    public string? Architecture { get; init; }

    /// <summary>Its model type, as its config names it.</summary>
    public string? ModelType { get; init; }

    /// <summary>The floating-point type it computes in: <c>bfloat16</c> or <c>float16</c>.</summary>
    public string Dtype { get; init; } = "bfloat16";

    /// <summary>How its weights are quantised; null when they are not.</summary>
    public string? Quantization { get; init; }

    /// <summary>Bytes of its embeddings, which quantisation while loading leaves as they are; 0 when unknown.</summary>
    public long EmbeddingBytes { get; init; }

    /// <summary>Layers that keep something of a token, by what they keep.</summary>
    public IReadOnlyList<CachedLayers> Layers { get; init; } = [];

    /// <summary>Attention heads; null when unknown.</summary>
    public int? Heads { get; init; }

    /// <summary>Heads of keys and values; null when unknown.</summary>
    public int? KvHeads { get; init; }

    /// <summary>Dimension of a head; null when unknown.</summary>
    public int? HeadDim { get; init; }

    /// <summary>Its latent attention; null when it has none.</summary>
    public LatentAttention? Mla { get; init; }

    /// <summary>Experts of a layer; null when it is dense.</summary>
    public int? Experts { get; init; }

    /// <summary>Whole numbers of which each GPU must get the same part: widths of its layers and its vocabulary, or groups of quantised weights in them. Heads are looked at beside.</summary>
    public IReadOnlyList<long> SplitUnits { get; init; } = [];

    /// <summary>The GGUF file to load; null for other formats.</summary>
    public string? GgufFile { get; init; }

    /// <summary>The adapter on top of it; null when it is whole.</summary>
    public AdapterFacts? Adapter { get; init; }

    /// <summary>Whether some number is an estimate; then <see cref="Margin"/> is added to what is needed.</summary>
    public bool IsEstimate { get; init; }

    /// <summary>What is added to estimated needs, as a fraction of them.</summary>
    public double Margin => IsEstimate ? NameEstimate.Margin : 0;

    /// <summary>Words of its vocabulary; null when unknown.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Whether access to it is granted one by one.</summary>
    public bool IsGated { get; init; }

    /// <summary>Whether only its owner's people see it.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Whether its files were closed to us: it can be quoted, and not served.</summary>
    public bool IsClosed { get; init; }

    /// <summary>Whether it brings code of its own, which only runs on explicit consent.</summary>
    public bool NeedsRemoteCode { get; init; }

    /// <summary>Where each number comes from, by its name in the API.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; init; } = new Dictionary<string, string>();

    /// <summary>What its user should know before paying.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
