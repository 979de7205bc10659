using System.Globalization;

namespace Hypervize.Provisioner.Logs;

/// <summary>How far a node's output was told. As it is when nothing was: all zero.</summary>
/// <param name="At">Byte of its file.</param>
/// <param name="Print">A print of what stands before that byte: by it the file is known again after another one was begun.</param>
/// <param name="IsCut">Whether the rest of the line there is left out.</param>
public readonly record struct OutputPosition(long At, uint Print, bool IsCut);

/// <summary>How far the output of several nodes was told, as the text that a client gives back to go on from there.</summary>
public static class LogCursor
{
    private const char Cut = '!';

    /// <summary>Writes it.</summary>
    /// <param name="positions">Positions by node.</param>
    public static string Write(IEnumerable<KeyValuePair<string, OutputPosition>> positions) =>
        string.Join(',', positions.Select(p => $"{p.Key}:{p.Value.At}:{p.Value.Print:x8}{(p.Value.IsCut ? Cut : "")}"));

    /// <summary>Reads it.</summary>
    /// <param name="text">What a client gave back.</param>
    /// <returns>Positions by node; null when there is none, or it makes no sense.</returns>
    public static IReadOnlyDictionary<string, OutputPosition>? Read(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var positions = new Dictionary<string, OutputPosition>(StringComparer.Ordinal);
        foreach (var node in text.Split(','))
            if (node.Split(':') is not [{ Length: > 0 } nodeId, var at, var print]
                || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                || !uint.TryParse(print.EndsWith(Cut) ? print[..^1] : print, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var printed)
                || !positions.TryAdd(nodeId, new(bytes, printed, print.EndsWith(Cut))))
                return null;
        return positions;
    }
}
