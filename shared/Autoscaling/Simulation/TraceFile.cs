using System.Globalization;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>How fast a node works on one request among those that it has at once.</summary>
/// <param name="Prompt">Tokens of a prompt per second.</param>
/// <param name="Generated">Tokens of an answer per second.</param>
public readonly record struct TokenRates(double Prompt, double Generated);

/// <summary>
/// Traffic in a file: the lines <c>TIMESTAMP,ContextTokens,GeneratedTokens</c> of the public Azure LLM inference traces
/// (github.com/Azure/AzurePublicDataset), a request each, in order of time.
/// </summary>
public static class TraceFile
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    // What lies further apart is two recordings, or a mistake; and would take long and tell nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(60);
    private const double LongestRequest = 3600;

    /// <summary>Reads a file.</summary>
    /// <param name="text">The file.</param>
    /// <param name="rates">What becomes of tokens.</param>
    /// <exception cref="InvalidDataException">Says which line is wrong, and what it should be.</exception>
    public static Traffic Read(TextReader text, TokenRates rates)
    {
        if (text.ReadLine()?.TrimStart('\uFEFF').Trim() is not { } header || !header.Equals(Header, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"The first line must be {Header}.");
        var (requests, first, last) = (new List<(double At, double Seconds)>(), (DateTime?)null, DateTime.MinValue);
        for (var line = 2; text.ReadLine() is { } row; line++)
        {
            if (row.AsSpan().Trim().IsEmpty) continue;
            var (at, context, generated) = Parse(row, line);
            first ??= at;
            if (at < last) throw new InvalidDataException($"Line {line}: {row.Trim()} comes before the line above it; requests must be in order of time.");
            if (at - first > Longest) throw new InvalidDataException($"Line {line}: more than {Longest.TotalDays:0} days after the first request.");
            last = at;
            requests.Add(((at - first.Value).TotalSeconds, Math.Clamp(context / rates.Prompt + generated / rates.Generated, 0.001, LongestRequest)));
        }
        if (first is not { } from) throw new InvalidDataException("There is no request in it.");
        return Traffic.OfRequests(new(from, TimeSpan.Zero), requests);
    }

    private static (DateTime At, int Context, int Generated) Parse(ReadOnlySpan<char> row, int line)
    {
        Span<Range> fields = stackalloc Range[4];
        if (row.Split(fields, ',', StringSplitOptions.TrimEntries) == 3
            && DateTime.TryParse(row[fields[0]], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var at)
            && int.TryParse(row[fields[1]], NumberStyles.None, CultureInfo.InvariantCulture, out var context)
            && int.TryParse(row[fields[2]], NumberStyles.None, CultureInfo.InvariantCulture, out var generated))
            return (at, context, generated);
        throw new InvalidDataException($"Line {line}: \"{row}\" is no time and two whole numbers of tokens, such as 2023-11-16 18:15:46.6805900,374,44.");
    }
}
