using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Hypervize.Contracts;

namespace Hypervize.Provisioner.Weights;

/// <summary>A file of weights that are kept.</summary>
/// <param name="Path">Path below their folder.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">SHA-256 of its content, lower-case hex.</param>
/// <param name="ModifiedAt">When it was last written: a file that says otherwise is hashed anew.</param>
public sealed record KeptFile(string Path, long Bytes, string Sha256, DateTime ModifiedAt);

/// <summary>Weights that are kept whole.</summary>
/// <param name="Weights">What they are.</param>
/// <param name="Files">Their files.</param>
/// <param name="FetchedAt">When they were complete.</param>
/// <param name="IsGuarded">Whether not everyone may have them: then each endpoint's access is asked for each time.</param>
/// <param name="Granted">When an endpoint's access was last confirmed, by its id.</param>
public sealed record WeightEntry(
    NodeWeights Weights, IReadOnlyList<KeptFile> Files, DateTimeOffset FetchedAt, bool IsGuarded, IReadOnlyDictionary<string, DateTimeOffset> Granted);

/// <summary>Weights on this machine's disk, as a node is given them.</summary>
/// <param name="Path">What its runtime is told to load: a folder, or a GGUF file.</param>
/// <param name="Bytes">Bytes of all their files; null for a folder of its owner's, which nobody counts.</param>
/// <param name="Key">Key in the cache; null for a folder of its owner's.</param>
/// <param name="FetchedAt">When they came; null for a folder of its owner's.</param>
public sealed record LocalWeights(string Path, long? Bytes, string? Key, DateTimeOffset? FetchedAt);

/// <summary>Names for weights in the cache.</summary>
public static partial class WeightKey
{
    /// <summary>The key of weights: readable, and another one for another model, revision or file.</summary>
    /// <param name="weights">The weights.</param>
    public static string Of(NodeWeights weights)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{weights.Model}\0{weights.Revision}\0{weights.File}")));
        var readable = Unreadable().Replace(weights.Model, "-").Trim('-');
        return $"{readable[..Math.Min(readable.Length, 80)]}-{hash[..16]}";
    }

    [GeneratedRegex("[^A-Za-z0-9._]+", RegexOptions.CultureInvariant)]
    private static partial Regex Unreadable();
}
