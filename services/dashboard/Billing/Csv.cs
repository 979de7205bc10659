using System.Globalization;

namespace Hypervize.Dashboard.Billing;

/// <summary>Rows of comma-separated values (RFC 4180).</summary>
public static class Csv
{
    private static readonly char[] Quoted = [',', '"', '\r', '\n'];

    /// <summary>A row with its end.</summary>
    /// <param name="cells">Texts, days, moments, numbers, ids; null for an empty cell.</param>
    public static string Row(params IEnumerable<object?> cells) => $"{string.Join(',', cells.Select(Cell))}\r\n";

    private static string Cell(object? cell) => cell switch
    {
        null => "",
        string text => Escaped(Harmless(text)),
        DateOnly day => UsagePeriod.Text(day),
        DateTimeOffset at => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        IFormattable value => Escaped(value.ToString(null, CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"A cell holds no {cell.GetType().Name}.", nameof(cell)),
    };

    // A spreadsheet takes what begins so for a formula, and would carry out what somebody named an endpoint.
    private static string Harmless(string text) => text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' ? $"'{text}" : text;

    private static string Escaped(string text) => text.IndexOfAny(Quoted) < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
