using System.Text.RegularExpressions;

namespace Hypervize.Sizing;

/// <summary>What a user names a model by.</summary>
public abstract partial record ModelReference
{
    // What people copy from the address bar.
    private const string Page = "https://huggingface.co/";

    private ModelReference() { }

    /// <summary>A repository of the Hub.</summary>
    /// <param name="Id">Its id, <c>owner/name</c> or <c>name</c>.</param>
    /// <param name="Revision">Branch, tag or commit; null for the main branch.</param>
    public sealed record Hub(string Id, string? Revision) : ModelReference;

    /// <summary>Weights in an S3 bucket.</summary>
    /// <param name="Name">The bucket.</param>
    /// <param name="Prefix">What their keys begin with, without slashes at its ends.</param>
    public sealed record Bucket(string Name, string Prefix) : ModelReference;

    /// <summary>Weights in a folder of this machine.</summary>
    /// <param name="Path">Its absolute path.</param>
    public sealed record Folder(string Path) : ModelReference;

    /// <summary>A model that only the simulator knows.</summary>
    /// <param name="Name">Its name, <c>simulator/…</c>.</param>
    public sealed record Simulated(string Name) : ModelReference;

    /// <summary>Reads a reference; null for a text that can be none.</summary>
    /// <param name="text"><c>owner/name</c>, <c>owner/name@revision</c>, <c>s3://bucket/prefix</c>, <c>/a/folder</c> or <c>file:///a/folder</c>.</param>
    public static ModelReference? Parse(string text)
    {
        if (text.Contains('\0')) return null;
        if (text.StartsWith(Page, StringComparison.Ordinal)) text = text[Page.Length..].TrimEnd('/');
        if (text.StartsWith("s3://", StringComparison.Ordinal))
        {
            var (bucket, prefix) = text[5..].Split('/', 2) is [var name, var rest] ? (name, rest.Trim('/')) : (text[5..], "");
            return BucketName().IsMatch(bucket) ? new Bucket(bucket, prefix) : null;
        }
        if (text.StartsWith("file://", StringComparison.Ordinal)) text = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length == 0 && !uri.LocalPath.Contains('\0') ? uri.LocalPath : "";
        if (text.StartsWith('/')) return new Folder(Path.GetFullPath(text));
        if (text.StartsWith("simulator/", StringComparison.Ordinal)) return new Simulated(text);
        return Repository().Match(text) is { Success: true } match && !text.Contains("..", StringComparison.Ordinal)
            ? new Hub(match.Groups["id"].Value, match.Groups["revision"] is { Success: true } revision ? revision.Value : null)
            : null;
    }

    [GeneratedRegex(@"\A(?<id>[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?)(@(?<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,95}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Repository();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex BucketName();
}
