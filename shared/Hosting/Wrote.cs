using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Hosting;

/// <summary>
/// Tells the front door which version of a stream an answer rests on, so that it answers only when it has heard of it itself: the caller
/// reads, at that proxy, what it wrote.
/// </summary>
public static class Wrote
{
    private const string Header = "x-hypervize-wrote";

    /// <summary>Notes it in an answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="stream">Key of the stream.</param>
    /// <param name="version">Version after the write.</param>
    public static void Note(HttpResponse response, string stream, long version) =>
        response.Headers[Header] = string.Create(CultureInfo.InvariantCulture, $"{stream}@{version}");

    /// <summary>Takes it out of an answer; null when there is none.</summary>
    /// <param name="response">The answer.</param>
    public static (string Stream, long Version)? Of(HttpResponse response)
    {
        if (!response.Headers.Remove(Header, out var note)) return null;
        return note.ToString().Split('@') is [var stream, var version] && long.TryParse(version, CultureInfo.InvariantCulture, out var number) ? (stream, number) : null;
    }
}
