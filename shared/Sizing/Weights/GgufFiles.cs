using System.Text.RegularExpressions;

namespace Hypervize.Sizing.Weights;

/// <summary>The GGUF models among files: each whole, however many parts it has.</summary>
internal static partial class GgufFiles
{
    /// <summary>What can be chosen from.</summary>
    /// <param name="files">Files of a repository.</param>
    public static IReadOnlyList<GgufChoice> Of(IEnumerable<ModelFile> files) =>
    [
        .. files.Where(f => f.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && IsPlain(f.Path) && !Path.GetFileName(f.Path).Contains("mmproj", StringComparison.OrdinalIgnoreCase))
            .GroupBy(f => Part().Replace(f.Path, "")).Select(parts => new GgufChoice(
                parts.Select(p => p.Path).Order(StringComparer.Ordinal).First(), parts.All(p => p.Bytes is > 0) && parts.Sum(p => (double)p.Bytes!.Value) <= 1e15 ? parts.Sum(p => p.Bytes) : null,
                Quantization().Match(Path.GetFileName(parts.Key)) is { Success: true } word ? word.Value.ToUpperInvariant() : "", null)),
    ];

    /// <summary>All parts of a model.</summary>
    /// <param name="files">Files of a repository.</param>
    /// <param name="first">Its file, or the first of its parts.</param>
    public static IReadOnlyList<ModelFile> PartsOf(IEnumerable<ModelFile> files, string first) =>
        [.. files.Where(f => f.Path == first || (f.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && Part().IsMatch(first) && Part().Replace(f.Path, "") == Part().Replace(first, "")))];

    // A name becomes an argument of a runtime: it must not be read as several, or as an option.
    private static bool IsPlain(string path) => path is not ['-' or '/', ..] && !path.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '\\') && !path.Split('/').Any(p => p is "" or "." or "..");

    [GeneratedRegex(@"-\d{5}-of-\d{5}(?=\.gguf\z)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    [GeneratedRegex(@"(?<![A-Za-z0-9])(IQ\d_[A-Z]+|Q\d_K_[A-Z]+|Q\d_K|Q\d_\d|MXFP4|BF16|F16|FP16|F32)(?![A-Za-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Quantization();
}
