using System.Text.Json;

namespace Hypervize.Proxy.Answers;

/// <summary>Tokens of one request, as the node counted them.</summary>
/// <param name="Prompt">Tokens that went in.</param>
/// <param name="Completion">Tokens that came out.</param>
internal readonly record struct TokenUsage(long Prompt, long Completion)
{
    // More than any request can have: what is absurd must not spoil a sum.
    private const long MostTokens = 1_000_000_000_000;

    // A request has 64 levels at most, and answers repeat parts of it further down.
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 256 };

    /// <summary>How a usage begins in every answer that has one.</summary>
    public static ReadOnlySpan<byte> Name => "\"usage\""u8;

    /// <summary>Reads the usage of a whole answer: the only one there is, else the node's own.</summary>
    /// <param name="json">The answer.</param>
    public static TokenUsage? Of(ReadOnlySpan<byte> json)
    {
        var at = json.IndexOf(Name);
        if (at < 0) return null;
        return json[(at + Name.Length)..].IndexOf(Name) < 0 ? Read(json[at..]) : OfNode(json);
    }

    /// <summary>
    /// Reads the usage where the node says it: at the top, or in the response that an event of the Responses API carries. What is called so elsewhere is the
    /// caller's, a parameter of a tool that the answer repeats, and may say anything.
    /// </summary>
    /// <param name="json">A whole document.</param>
    public static TokenUsage? OfNode(ReadOnlySpan<byte> json)
    {
        TokenUsage? found = null;
        var reader = new Utf8JsonReader(json, Deep);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                var isUsage = reader.ValueTextEquals("usage"u8);
                var isResponse = reader.CurrentDepth == 1 && reader.ValueTextEquals("response"u8);
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject) reader.Skip();
                else if (isUsage) found = ReadMembers(ref reader) ?? found;
                else if (!isResponse) reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is no JSON has no more than was found before.
        }
        return found;
    }

    /// <summary>Reads the usage that begins at a place, in OpenAI's words of either API.</summary>
    /// <param name="json">From <see cref="Name"/> on; it may break off after the usage.</param>
    /// <returns>Null when it is none: <c>"usage": null</c> stands in every chunk of some runtimes.</returns>
    public static TokenUsage? Read(ReadOnlySpan<byte> json)
    {
        var value = json[Name.Length..].TrimStart(" \t\r\n"u8);
        if (value is not [(byte)':', ..]) return null;
        value = value[1..].TrimStart(" \t\r\n"u8);
        if (value is not [(byte)'{', ..]) return null;

        var reader = new Utf8JsonReader(value, isFinalBlock: false, default);
        try
        {
            return reader.Read() ? ReadMembers(ref reader) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // The latter for a name with half a character.
        {
            return null;
        }
    }

    private static TokenUsage? ReadMembers(ref Utf8JsonReader reader)
    {
        var (prompt, completion) = ((long?)null, 0L);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return prompt is { } tokens ? new(tokens, completion) : null;
            if (reader.TokenType != JsonTokenType.PropertyName) continue;
            var isPrompt = reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8);
            var isCompletion = !isPrompt && (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8));
            if (!reader.Read()) return null;
            if (reader.TokenType == JsonTokenType.Number && (isPrompt || isCompletion) && TryCount(ref reader, out var count))
            {
                if (isPrompt) prompt = count;
                else completion = count;
            }
            else if (!reader.TrySkip()) return null;
        }
        return null; // It goes on in what has not come yet.
    }

    // Some write 3.0.
    private static bool TryCount(ref Utf8JsonReader reader, out long count)
    {
        if (reader.TryGetInt64(out count)) return count is >= 0 and <= MostTokens;
        if (!reader.TryGetDouble(out var written) || written is not (>= 0 and <= MostTokens) || !double.IsInteger(written)) return false;
        count = (long)written;
        return true;
    }
}

/// <summary>Finds the last usage in an answer that passes by in pieces, without reading the rest.</summary>
internal struct UsageFinder
{
    // A usage with all its details has a few hundred bytes.
    private const int LongestUsage = 2048;
    private byte[]? _carried;

    /// <summary>The last usage so far; null when there was none.</summary>
    public TokenUsage? Found { get; private set; }

    /// <summary>Looks at the next piece.</summary>
    /// <param name="piece">The piece.</param>
    public void Look(ReadOnlySpan<byte> piece)
    {
        if (_carried is not null) piece = (byte[])[.. _carried, .. piece];
        _carried = null;
        var from = -1; // Where what may be a usage begins that goes on in the next piece.
        var rest = piece;
        for (var at = rest.IndexOf(TokenUsage.Name); at >= 0; at = rest.IndexOf(TokenUsage.Name))
        {
            var (begins, usage) = (piece.Length - rest.Length + at, TokenUsage.Read(rest[at..]));
            Found = usage ?? Found;
            from = usage is null && piece.Length - begins <= LongestUsage ? begins : -1;
            rest = rest[(at + TokenUsage.Name.Length)..];
        }
        // So may its name.
        _carried = piece[(from >= 0 ? from : Math.Max(0, piece.Length - TokenUsage.Name.Length + 1))..].ToArray();
    }
}
