using System.Globalization;
using System.Text.RegularExpressions;

namespace Hypervize.Sizing.Analysis;

/// <summary>
/// What a model's name tells of its size: for when nothing better can be read. Names state parameters in billions or millions, experts as
/// <c>8x7B</c>, and how they are quantised.
/// </summary>
internal static partial class NameEstimate
{
    /// <summary>What is added to estimated needs: names are rounded, down as often as up (8B is 8.03, 7B is up to 7.6).</summary>
    public const double Margin = 0.2;

    /// <summary>Tokens of context assumed of a model whose config can't be read.</summary>
    public const int MaxContext = 8192;

    /// <summary>Tokens of context that vLLM assumes of a model whose config does not tell it.</summary>
    public const int MaxContextUntold = 2048;

    private static readonly (Regex Word, double BytesPerParameter, string Name)[] Quantizations =
    [
        // 4-bit formats keep embeddings, scales and zero points in more bits.
        (FourBit(), 0.65, "4 bit"), (EightBit(), 1.05, "8 bit"),
    ];

    /// <summary>Parameters that the name tells; null when it tells none.</summary>
    /// <param name="model">The model's id.</param>
    public static long? Parameters(string model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        // 17B-16E counts what is active, and E4B what is effective: neither tells what must be held.
        if (Active().IsMatch(name)) return null;
        if (Experts().Match(name) is { Success: true } experts)
            return (long)(Number(experts.Groups[1]) * Number(experts.Groups[2]) * 1e9);
        var sizes = Size().Matches(name).Where(m => !IsActive(name, m.Index)).Select(m => Number(m.Groups[1]) * (m.Groups[2].Value is "B" or "b" ? 1e9 : m.Groups[2].Value is "T" or "t" ? 1e12 : 1e6));
        return sizes.DefaultIfEmpty(0).Max() is > 0 and <= 1e13 and var parameters ? (long)parameters : null;
    }

    /// <summary>Bytes of a parameter, and how the name says that they are quantised; null when it says nothing.</summary>
    /// <param name="model">The model's id.</param>
    public static (double BytesPerParameter, string? Quantization) Storage(string model)
    {
        foreach (var (word, bytes, name) in Quantizations)
            if (word.IsMatch(model)) return (bytes, name);
        return (2, null);
    }

    /// <summary>
    /// Bytes that a model of a size keeps of a token: 8 heads of 128 in 16 bits, in 32 layers at 8 billion parameters and in more, as the
    /// 0.4th power, above it. Within a half of what the models of 7 to 120 billion that we measured keep, but for those that share no
    /// heads among keys and values, which keep up to eleven times as much.
    /// </summary>
    /// <param name="parameters">Parameters.</param>
    public static CachedLayers Cache(long parameters)
    {
        var layers = Math.Max(8, (int)Math.Ceiling(32 * Math.Pow(parameters / 8e9, 0.4)));
        return new(layers, 2 * 8 * 128 * 2, 8, Window: null);
    }

    // 235B-A22B: of 235 billion, 22 are active for a token; all must be held.
    private static bool IsActive(string name, int at) => at > 0 && name[at - 1] is 'A' or 'a' && (at == 1 || name[at - 2] is '-' or '_');

    private static double Number(Group digits) => double.Parse(digits.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<![\d.])(\d+)x(\d+(?:\.\d+)?)[bB](?![A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Experts();

    [GeneratedRegex(@"(?<![A-Za-z\d])(\d+E(?![A-Za-z\d])|E\d+(\.\d+)?B(?![A-Za-z]))", RegexOptions.CultureInvariant)]
    private static partial Regex Active();

    [GeneratedRegex(@"(?<![\d.])(\d+(?:\.\d+)?)([bBmMtT])(?![A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Size();

    [GeneratedRegex(@"awq|gptq|int4|4bit|4-bit|w4a16|nf4|bnb|mxfp4|nvfp4|fp4|q4_", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FourBit();

    [GeneratedRegex(@"fp8|int8|8bit|8-bit|w8a8|q8_", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EightBit();
}
