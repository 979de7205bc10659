using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Keys;

/// <summary>The text of an API key: shown once, stored nowhere.</summary>
public sealed partial record KeySecret
{
    private const string Prefix = "hvz_live_";
    private const int RandomCharacters = 33;
    private const int ShownCharacters = 13;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private KeySecret(string text) => Text = text;

    /// <summary>The key.</summary>
    public string Text { get; }

    /// <summary>A new key: 33 base-62 characters from the operating system's random source.</summary>
    public static KeySecret New() => new(Prefix + RandomNumberGenerator.GetString(Alphabet, RandomCharacters));

    /// <summary>A key from its text; null when it has not a key's form.</summary>
    /// <param name="text">The text.</param>
    public static KeySecret? Parse(string text) => Form().IsMatch(text) ? new(text) : null;

    /// <summary>What is stored of it.</summary>
    /// <param name="id">Key id.</param>
    /// <param name="name">Label.</param>
    /// <param name="scopes">What it may do.</param>
    /// <param name="now">Now.</param>
    public ApiKey Stored(string id, string name, IReadOnlyList<KeyScope> scopes, DateTimeOffset now) =>
        new(id, name, Text[..ShownCharacters], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text))), scopes, now);

    /// <summary>Its first characters only: a log that prints it gives nothing away.</summary>
    public override string ToString() => $"{Text[..ShownCharacters]}…";

    [GeneratedRegex("^hvz_live_[0-9A-Za-z]{33}$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
