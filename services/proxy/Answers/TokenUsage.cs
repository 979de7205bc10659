using System.Text.Json;

namespace Hypervize.Proxy.Answers;

/// <summary>Tokens of one request, as the node counted them.</summary>
/// <param name="Prompt">Tokens that went in.</param>
/// <param name="Completion">Tokens that came out.</param>
internal readonly record struct TokenUsage(long Prompt, long Completion)
{
    /// <summary>How a usage begins in every answer that has one.</summary>
    public static ReadOnlySpan<byte> Name => "\"usage\""u8;

    /// <summary>Reads the usage that begins at a place, in OpenAI's words of either API.</summary>
    /// <param name="json">From <see cref="Name"/> on; it may break off after the usage.</param>
    /// <returns>Null when it is none: <c>"usage": null</c> stands in every chunk of some runtimes.</returns>
    public static TokenUsage? Read(ReadOnlySpan<byte> json)
    {
        var value = json[Name.Length..].TrimStart(" \t\r\n"u8);
        if (value is not [(byte)':', ..]) return null;
        value = value[1..].TrimStart(" \t\r\n"u8);
        if (value is not [(byte)'{', ..]) return null;

        var (prompt, completion) = ((long?)null, 0L);
        var reader = new Utf8JsonReader(value, isFinalBlock: false, default);
        try
        {
            while (true)
            {
                if (!reader.Read()) return null; // It goes on in what has not come yet.
                if (reader.TokenType == JsonTokenType.EndObject) return prompt is { } tokens ? new(tokens, completion) : null;
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                var isPrompt = reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8);
                var isCompletion = !isPrompt && (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8));
                if (!reader.Read()) return null;
                if (reader.TokenType == JsonTokenType.Number && (isPrompt || isCompletion) && reader.TryGetInt64(out var count) && count >= 0)
                {
                    if (isPrompt) prompt = count;
                    else completion = count;
                }
                else if (!reader.TrySkip()) return null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // The latter for a name with half a character.
        {
            return null;
        }
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
