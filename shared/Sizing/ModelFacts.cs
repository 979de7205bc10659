using System.Text.Json;

namespace Hypervize.Sizing;

/// <summary>Where a model's weights are.</summary>
public enum ModelOrigin
{
    /// <summary>A repository of the Hugging Face Hub.</summary>
    Hub,

    /// <summary>A prefix of an S3 bucket.</summary>
    Bucket,

    /// <summary>A folder of this machine.</summary>
    Folder,
}

/// <summary>A file of a model.</summary>
/// <param name="Path">Path inside the repository, with forward slashes.</param>
/// <param name="Bytes">Its size; null when it was not told.</param>
/// <param name="Digest">What its content hashes to; null when it was not told.</param>
public sealed record ModelFile(string Path, long? Bytes, FileDigest? Digest = null);

/// <summary>How a file's content is hashed by who keeps it.</summary>
public enum DigestKind
{
    /// <summary>SHA-256 of the content, lower-case hex.</summary>
    Sha256,

    /// <summary>Git's id of a blob: SHA-1 of <c>blob</c>, a space, the size in decimal, a zero byte, and the content; lower-case hex.</summary>
    GitBlob,

    /// <summary>An S3 ETag: the same as long as the content is, and no hash of it that everyone can compute.</summary>
    ETag,
}

/// <summary>What a file's content hashes to.</summary>
/// <param name="Kind">How.</param>
/// <param name="Value">The hash.</param>
public sealed record FileDigest(DigestKind Kind, string Value);

/// <summary>What was read about a model, before anything is concluded from it.</summary>
/// <param name="Model">What was asked for.</param>
/// <param name="Origin">Where it is.</param>
public sealed record ModelFacts(string Model, ModelOrigin Origin)
{
    /// <summary>The exact revision that was read: the only one that may be loaded. Of a bucket, a hash of what it lists; null for a folder.</summary>
    public string? Revision { get; init; }

    /// <summary>Its task in the Hub's words; null when the Hub has none.</summary>
    public string? PipelineTag { get; init; }

    /// <summary>The library it was made for, in the Hub's words.</summary>
    public string? Library { get; init; }

    /// <summary>The Hub's tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether access is granted one by one.</summary>
    public bool IsGated { get; init; }

    /// <summary>Whether only its owner's people see it.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Whether its files were closed to us: what is known is what the Hub tells everyone.</summary>
    public bool IsClosed { get; init; }

    /// <summary>Its files; empty when they were not told.</summary>
    public IReadOnlyList<ModelFile> Files { get; init; } = [];

    /// <summary>Its <c>config.json</c>, or what the Hub tells everyone of it; null when it has none or could not be read.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Whether <see cref="Config"/> is the whole document: what it leaves out is then what its class assumes, and not what was kept from us.</summary>
    public bool IsConfigWhole { get; init; }

    /// <summary>Whether it has a <c>config.json</c> that could not be understood.</summary>
    public bool IsConfigBroken { get; init; }

    /// <summary>Tokens that it embeds at most, by sentence-transformers' own config; null when that does not say.</summary>
    public int? MaxSequence { get; init; }

    /// <summary>Parameters by the dtype they are stored in, in safetensors' names; null when they were not told.</summary>
    public IReadOnlyDictionary<string, long>? ParametersByDtype { get; init; }

    /// <summary>All parameters; null when they were not told.</summary>
    public long? Parameters { get; init; }

    /// <summary>The weight files that the index names; null when there is no index.</summary>
    public IReadOnlySet<string>? IndexedFiles { get; init; }

    /// <summary>Bytes of all tensors by the index; null when there is no index.</summary>
    public long? IndexedBytes { get; init; }

    /// <summary>The architecture that the Hub names for a GGUF file; null when it names none.</summary>
    public string? GgufArchitecture { get; init; }

    /// <summary>The context length that the Hub read in a GGUF file.</summary>
    public int? GgufContext { get; init; }

    /// <summary>The GGUF file that was chosen, and its own metadata.</summary>
    public GgufChoice? Gguf { get; init; }

    /// <summary>Whether it has a chat template; null when that is not known.</summary>
    public bool? HasChatTemplate { get; init; }

    /// <summary>Set when it is an adapter: its own size and what it changes.</summary>
    public AdapterFacts? Adapter { get; init; }
}

/// <summary>The GGUF file that would be loaded.</summary>
/// <param name="File">Its path; the first part when it is split.</param>
/// <param name="Bytes">Bytes of all its parts; null when they were not told.</param>
/// <param name="Quantization">Its quantisation, such as <c>Q4_K_M</c>.</param>
/// <param name="Metadata">Its metadata; null when it could not be read.</param>
public sealed record GgufChoice(string File, long? Bytes, string Quantization, Weights.GgufHeader? Metadata);

/// <summary>A LoRA adapter, which is loaded on top of a base model.</summary>
/// <param name="Model">The adapter.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Base">Its base model.</param>
/// <param name="Rank">Its rank.</param>
/// <param name="Bytes">Bytes of its weights; null when they were not told.</param>
public sealed record AdapterFacts(string Model, string? Revision, string Base, int Rank, long? Bytes);
