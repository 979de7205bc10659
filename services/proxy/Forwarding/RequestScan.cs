using System.Text.Json;

namespace Hypervize.Proxy.Forwarding;

/// <summary>
/// What a request's body says at its top level, as far as it matters on the way, and where: nothing else of it is read, but all of it is JSON. Pure.
/// </summary>
internal struct RequestScan
{
    /// <summary>Depth of arrays and objects within each other from which on a body is refused.</summary>
    public const int MostDepth = 64;

    /// <summary>The first byte after the opening brace.</summary>
    public int Inside { get; private set; }

    /// <summary>Whether there are members at all.</summary>
    public bool HasMembers { get; private set; }

    /// <summary>Where the value of <c>model</c> stands; null when there is none.</summary>
    public Range? Model { get; private set; }

    /// <summary>Whether the client asked for a stream.</summary>
    public bool Stream { get; private set; }

    /// <summary>Whether it asked for the stream's usage, too.</summary>
    public bool IncludesUsage { get; private set; }

    /// <summary>Where the value of <c>stream_options</c> stands; null when there is none.</summary>
    public Range? StreamOptions { get; private set; }

    /// <summary>The first byte after the opening brace of <c>stream_options</c>; null when it is no object.</summary>
    public int? InsideStreamOptions { get; private set; }

    /// <summary>Whether <c>stream_options</c> has members.</summary>
    public bool StreamOptionsHasMembers { get; private set; }

    /// <summary>Where the value of <c>stream_options.include_usage</c> stands; null when there is none.</summary>
    public Range? IncludeUsage { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="scan">What it says.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? Read(ReadOnlySpan<byte> body, out RequestScan scan)
    {
        scan = default;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MostDepth });
        try
        {
            return scan.Read(ref reader);
        }
        catch (JsonException e)
        {
            return $"The body is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.";
        }
        catch (InvalidOperationException)
        {
            return $"The body is no JSON: a name before byte {reader.BytesConsumed + 1} has half a character in it.";
        }
    }

    private string? Read(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return "The body must be a JSON object.";
        Inside = (int)reader.BytesConsumed;
        var streamIsSaid = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            HasMembers = true;
            // Whoever reads a member that stands twice takes the first or the last: what we looked at must be what the node does.
            if (reader.ValueTextEquals("model"u8))
            {
                if (Model is not null) return "model stands twice.";
                reader.Read();
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null)) return "model must be a text.";
                Model = Value(ref reader);
            }
            else if (reader.ValueTextEquals("stream"u8))
            {
                if (streamIsSaid) return "stream stands twice.";
                streamIsSaid = true;
                reader.Read();
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)) return "stream must be true or false.";
                Stream = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals("stream_options"u8))
            {
                if (StreamOptions is not null) return "stream_options stands twice.";
                reader.Read();
                if (ReadStreamOptions(ref reader) is { } wrong) return wrong;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
        reader.Read(); // Anything after the object's end is an error, which this finds.
        return null;
    }

    private string? ReadStreamOptions(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.Null)
        {
            StreamOptions = Value(ref reader);
            return null;
        }
        if (reader.TokenType != JsonTokenType.StartObject) return "stream_options must be an object.";
        InsideStreamOptions = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            StreamOptionsHasMembers = true;
            var isIncludeUsage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (!isIncludeUsage)
            {
                reader.Skip();
                continue;
            }
            if (IncludeUsage is not null) return "stream_options.include_usage stands twice.";
            if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)) return "stream_options.include_usage must be true or false.";
            (IncludeUsage, IncludesUsage) = (Value(ref reader), reader.TokenType == JsonTokenType.True);
        }
        StreamOptions = start..(int)reader.BytesConsumed;
        return null;
    }

    private static Range Value(ref Utf8JsonReader reader) => (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
}
