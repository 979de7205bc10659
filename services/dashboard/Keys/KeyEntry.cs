using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Client;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Keys;

/// <summary>Limits as somebody types them; nothing for none. Their bounds are the platform's.</summary>
public sealed class LimitEntry
{
    /// <summary>Path of the field for requests per minute.</summary>
    public const string PerMinuteField = "limits.requestsPerMinute";

    /// <summary>Path of the field for requests at once.</summary>
    public const string ConcurrentField = "limits.concurrent";

    private const string NotANumber = "Give a whole number, or nothing for no limit.";

    /// <summary>Requests that may begin in a minute.</summary>
    public string PerMinute { get; set; } = "";

    /// <summary>Requests that may be under way at once.</summary>
    public string Concurrent { get; set; } = "";

    /// <summary>Limits as they are.</summary>
    /// <param name="limits">The limits; null for none.</param>
    public static LimitEntry Of(RequestLimits? limits) => new() { PerMinute = Text(limits?.RequestsPerMinute), Concurrent = Text(limits?.Concurrent) };

    /// <summary>What is no number, by path of the field.</summary>
    public IReadOnlyDictionary<string, string> Wrong() => new[] { (PerMinuteField, PerMinute), (ConcurrentField, Concurrent) }
        .Where(f => f.Item2.Trim().Length > 0 && Number(f.Item2) is null).ToDictionary(f => f.Item1, _ => NotANumber);

    /// <summary>What the platform is sent.</summary>
    public JsonObject Body() => new() { ["requestsPerMinute"] = Number(PerMinute), ["concurrent"] = Number(Concurrent) };

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    // As many digits as the platform reads, so that it is the platform that says what is too much.
    private static long? Number(string text) => long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>A key to be issued, as somebody describes it.</summary>
public sealed class KeyEntry
{
    /// <summary>Its label.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it may do.</summary>
    public KeyScope Scope { get; set; } = KeyScope.Inference;

    /// <summary>How many requests it may make.</summary>
    public LimitEntry Limits { get; } = new();

    /// <summary>What is wrong with it before it is sent, by path of the field.</summary>
    public IReadOnlyDictionary<string, string> Wrong() => Name.Trim().Length > 0
        ? Limits.Wrong()
        : new Dictionary<string, string>(Limits.Wrong()) { ["name"] = "Give it a name, to know it by when you want to revoke it." };

    /// <summary>What the platform is sent.</summary>
    public JsonObject Body() => new() { ["name"] = Name.Trim(), ["scope"] = Word(Scope), ["limits"] = Limits.Body() };

    /// <summary>A scope as the platform names it.</summary>
    /// <param name="scope">The scope.</param>
    public static string Word(KeyScope scope) => scope.ToString().ToLowerInvariant();

    /// <summary>What a key of a scope may do.</summary>
    /// <param name="scope">The scope.</param>
    public static string Words(KeyScope scope) => scope switch
    {
        KeyScope.Inference => "May call the endpoints of this account, and nothing else. For programs that use a model.",
        KeyScope.Manage => "May create, change and delete endpoints, and see logs and costs. May not call endpoints, nor touch keys or the spending cap.",
        KeyScope.Global => "May do everything in this account: calls, endpoints, keys, and the spending cap. For people you trust with all of it.",
        KeyScope.Operator => "May do everything in every account of this installation. For whoever runs it.",
    };

    /// <summary>What is wrong with a field, as it is said beside it.</summary>
    /// <param name="field">Path of the field.</param>
    /// <param name="wrong">What was wrong before it was sent.</param>
    /// <param name="problem">What the platform refused; null for nothing.</param>
    public static string? Beside(string field, IReadOnlyDictionary<string, string> wrong, RefusedException? problem) =>
        wrong.GetValueOrDefault(field) ?? (problem?.Errors.GetValueOrDefault(field) is { } messages ? $"It {string.Join("; ", messages)}." : null);
}
