using System.Text.RegularExpressions;

namespace Hypervize.Hosting.Requests;

/// <summary>A field of a request body: what is accepted, and what the OpenAPI document says of it.</summary>
/// <param name="Path">Where it stands, such as <c>scaling.min</c>.</param>
/// <param name="Says">What it means, for the document.</param>
public abstract record Field(string Path, string Says)
{
    /// <summary>Whether null is taken for a value that is not given.</summary>
    public bool IsNullable { get; init; }
}

/// <summary>An object that is given, or null for none: whoever gives it says all of it.</summary>
/// <param name="Path">Where it stands; its members stand below.</param>
/// <param name="Says">What it means.</param>
public sealed record GroupField(string Path, string Says) : Field(Path, Says);

/// <summary>A text.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="MaxLength">Most characters.</param>
/// <param name="Pattern">What it must match, as the document says it; null for any.</param>
/// <param name="IsOptional">Whether it may be left out.</param>
public sealed record TextField(string Path, string Says, int MaxLength, string? Pattern = null, bool IsOptional = false) : Field(Path, Says)
{
    /// <summary>What it must match, in words.</summary>
    public string Shape { get; init; } = "of another form";

    /// <summary>Another field that says it too: one of the two must be given. Null when there is none.</summary>
    public string? Or { get; init; }

    internal Regex? Form { get; } = Pattern is null ? null : new Regex(Pattern, RegexOptions.CultureInvariant);
}

/// <summary>A whole number.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="Min">Least.</param>
/// <param name="Max">Most.</param>
/// <param name="Default">What it is when it is not given; null for nothing.</param>
public sealed record NumberField(string Path, string Says, int Min, int Max, int? Default) : Field(Path, Says);

/// <summary>A number with decimals.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="Min">Least.</param>
/// <param name="Max">Most.</param>
/// <param name="Decimals">Most decimals.</param>
public sealed record DecimalField(string Path, string Says, decimal Min, decimal Max, int Decimals = 28) : Field(Path, Says);

/// <summary>A list of texts.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="Most">Most texts.</param>
/// <param name="MaxLength">Most characters of each.</param>
public sealed record ListField(string Path, string Says, int Most, int MaxLength) : Field(Path, Says);

/// <summary>True or false.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="Default">What it is when it is not given.</param>
public sealed record FlagField(string Path, string Says, bool Default) : Field(Path, Says);

/// <summary>One of some words.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Says">What it means.</param>
/// <param name="Words">The words.</param>
/// <param name="Default">What it is when it is not given; null for nothing.</param>
/// <param name="IsOptional">Whether it may be left out.</param>
public sealed record ChoiceField(string Path, string Says, IReadOnlyList<string> Words, string? Default = null, bool IsOptional = false) : Field(Path, Says);
