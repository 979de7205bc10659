using System.Text;
using System.Text.RegularExpressions;

namespace Hypervize.Sizing.Hub;

/// <summary>Makes a stranger's JSON safe to read: a text in it that is no Unicode would be found only when it is looked at.</summary>
internal static partial class JsonText
{
    /// <summary>The document, with what is no Unicode replaced.</summary>
    /// <param name="document">The document.</param>
    public static string Readable(byte[] document)
    {
        var text = Encoding.UTF8.GetString(document);
        if (text is ['\uFEFF', ..]) text = text[1..];
        return text.Contains("\\u", StringComparison.Ordinal) ? LoneSurrogate().Replace(text, m => m.Groups["pair"].Success || m.Groups["escape"].Success ? m.Value : "\\ufffd") : text;
    }

    // Backslashes first, so that an escaped one is not taken for the beginning of an escape; then pairs, then what is left alone.
    [GeneratedRegex(@"(?<escape>\\\\)|(?<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}", RegexOptions.CultureInvariant)]
    private static partial Regex LoneSurrogate();
}
