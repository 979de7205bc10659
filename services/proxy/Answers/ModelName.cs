using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hypervize.Proxy.Answers;

/// <summary>The model's name in answers: the endpoint's, whatever a node calls it.</summary>
internal static class ModelName
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A name as JSON, the way runtimes write it.</summary>
    /// <param name="model">The name.</param>
    public static byte[] ToJson(string model) => JsonSerializer.SerializeToUtf8Bytes(model, Plain);

    /// <summary>What the first <c>model</c> in a piece of an answer says; null when there is none.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="model">The endpoint's name, as JSON.</param>
    /// <returns>Whether it is the endpoint's.</returns>
    public static bool? IsIn(ReadOnlySpan<byte> piece, ReadOnlySpan<byte> model)
    {
        var name = "\"model\""u8;
        var at = piece.IndexOf(name);
        if (at < 0) return null;
        var value = piece[(at + name.Length)..];
        // The common way to write it first.
        if (value is [(byte)':', ..] && value[1..].StartsWith(model)) return true;
        value = value.TrimStart(" \t\r\n"u8);
        return value is [(byte)':', ..] && value[1..].TrimStart(" \t\r\n"u8).StartsWith(model);
    }

    /// <summary>Where the name stands in a whole JSON document: at the top, or in the response that an event of the Responses API carries.</summary>
    /// <param name="json">The document.</param>
    /// <param name="model">The endpoint's name, as JSON.</param>
    /// <returns>Where another name stands; null when none does.</returns>
    public static Range? OtherThan(ReadOnlySpan<byte> json, ReadOnlySpan<byte> model)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                if (reader.ValueTextEquals("model"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.String) return null;
                    Range value = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                    return json[value].SequenceEqual(model) ? null : value;
                }
                var isResponse = reader.CurrentDepth == 1 && reader.ValueTextEquals("response"u8);
                reader.Read();
                if (!isResponse || reader.TokenType != JsonTokenType.StartObject) reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is no JSON, or names a member with half a character, has no name; it goes as it came.
        }
        return null;
    }
}
