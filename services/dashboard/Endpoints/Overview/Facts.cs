using System.Text.Encodings.Web;
using System.Text.Json;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>Facts of a timeline as they came: JSON, of kinds that this dashboard may not know yet.</summary>
public static class Facts
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A text of a fact; null when it has none of that name.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="name">Its name.</param>
    public static string? Text(this TimelineEntry entry, string name) => Member(entry, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A member of a fact, as what it is; null when there is none, or it is another thing.</summary>
    /// <typeparam name="T">What it is.</typeparam>
    /// <param name="entry">The entry.</param>
    /// <param name="name">Its name.</param>
    public static T? Part<T>(this TimelineEntry entry, string name) where T : class
    {
        try
        {
            return Member(entry, name) is { ValueKind: JsonValueKind.Object } part ? part.Deserialize<T>(Web) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A fact as people read JSON.</summary>
    /// <param name="entry">The entry.</param>
    public static string Json(this TimelineEntry entry) => JsonSerializer.Serialize(entry.Fact, Readable);

    private static JsonElement? Member(TimelineEntry entry, string name) =>
        entry.Fact is JsonElement { ValueKind: JsonValueKind.Object } fact && fact.TryGetProperty(name, out var member) ? member : null;
}
