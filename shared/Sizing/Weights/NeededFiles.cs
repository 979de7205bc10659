using System.Text.RegularExpressions;
using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Weights;

/// <summary>The files that a node needs to load a model: one set of weights, and what is beside them that is no weights. Pure.</summary>
public static partial class NeededFiles
{
    private const long LargestDocument = 64 * 1024 * 1024;
    private const string AdapterConfig = "adapter_config.json";

    /// <summary>The files of a model or an adapter; without weights, none.</summary>
    /// <param name="facts">Its files.</param>
    /// <param name="gguf">The GGUF file that was chosen; null for weights in another format.</param>
    public static IReadOnlyList<ModelFile> Of(ModelFacts facts, string? gguf)
    {
        facts = facts with { Files = [.. facts.Files.Where(f => IsSafe(f.Path))] };
        if (gguf is not null) return GgufFiles.PartsOf(facts.Files, gguf);
        var names = facts.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<ModelFile> weights = names.Contains(AdapterConfig) && !names.Contains("config.json") ? Adapter(facts) : WeightSize.LoadedFiles(facts);
        if (weights.Count == 0) return [];
        return [.. weights, .. facts.Files.Where(f => IsDocument(f) || IsPartOfModel(f.Path))];
    }

    /// <summary>Whether a path below the root belongs to a model: folders of sentence-transformers' modules, such as <c>1_Pooling/</c>, and of further chat templates.</summary>
    /// <param name="path">Path, with forward slashes.</param>
    public static bool IsPartOfModel(string path) => Folder().IsMatch(path);

    private static List<ModelFile> Adapter(ModelFacts facts) =>
        ((string[])["adapter_model.safetensors", "adapter_model.bin"]).Select(name => facts.Files.Where(f => f.Path == name).ToList()).FirstOrDefault(found => found.Count > 0) ?? [];

    private static bool IsDocument(ModelFile file) => file.Path[0] != '.' && !file.Path.Contains('/') && !Heavy().IsMatch(file.Path) && file.Bytes is not > LargestDocument;

    // A path is a place on a node's disk: it stays below the model's folder.
    private static bool IsSafe(string path) => path.Split('/').All(part => part.Length > 0 && part is not ("." or "..") && !part.Any(c => char.IsControl(c) || c == '\\'));

    [GeneratedRegex(@"\A(\d+_[A-Za-z]+|additional_chat_templates)/", RegexOptions.CultureInvariant)]
    private static partial Regex Folder();

    // Weights in other formats, and what people show on a model's page.
    [GeneratedRegex(
        @"\.(safetensors|bin|pt|pth|ckpt|gguf|ggml|onnx|onnx_data|h5|msgpack|ot|tflite|npz|npy|pdparams|mlmodel|nemo|tar|gz|zip|7z|png|jpg|jpeg|gif|svg|webp|mp4|mp3|wav|pdf|ipynb|parquet|arrow)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Heavy();
}
