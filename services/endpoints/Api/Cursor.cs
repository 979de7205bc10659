using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hypervize.Endpoints.Api;

/// <summary>Where a page of endpoints ended. Opaque to clients.</summary>
/// <param name="CreatedAt">Creation of the last one.</param>
/// <param name="Id">Its id.</param>
public sealed record Cursor(DateTimeOffset CreatedAt, string Id)
{
    private static readonly Cursor Start = new(DateTimeOffset.MinValue, "");

    /// <summary>Reads a cursor; null when it is none. No text is the start.</summary>
    /// <param name="text">What a page gave.</param>
    public static Cursor? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return Start;
        if (!Base64Url.IsValid(text)) return null;
        return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|') is [var at, var id]
            && DateTimeOffset.TryParseExact(at, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var createdAt)
            ? new(createdAt, id)
            : null;
    }

    /// <summary>The cursor as text.</summary>
    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{CreatedAt:O}|{Id}"));
}
