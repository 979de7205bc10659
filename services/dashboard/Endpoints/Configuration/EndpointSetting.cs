using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Configuration;

/// <summary>How a setting is edited.</summary>
public enum SettingKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A number with decimals.</summary>
    Fraction,

    /// <summary>On or off.</summary>
    Flag,

    /// <summary>One of some words.</summary>
    Choice,
}

/// <summary>A setting of an endpoint that can be changed, as a form has it: its value is a text, <c>true</c> or <c>false</c> for one that is on or off.</summary>
/// <param name="Path">Where it stands in the API's body, such as <c>scaling.min</c>.</param>
/// <param name="Label">What people call it.</param>
/// <param name="Help">What it means.</param>
/// <param name="Of">Its value.</param>
public sealed partial record EndpointSetting(string Path, string Label, string Help, Func<EndpointSettings, string> Of)
{
    /// <summary>How it is edited.</summary>
    public SettingKind Kind { get; init; } = SettingKind.Whole;

    /// <summary>Least value of a number.</summary>
    public decimal Least { get; init; } = 1;

    /// <summary>Greatest value of a number; most characters of a text.</summary>
    public decimal Most { get; init; }

    /// <summary>Unit of a number; empty for none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>What it means when it is empty; null when it must not be.</summary>
    public string? Empty { get; init; }

    /// <summary>Id of its field in a page.</summary>
    public string FieldId => $"setting-{Path.Replace('.', '-')}";

    private bool IsNumber => Kind is SettingKind.Whole or SettingKind.Fraction;

    /// <summary>What is wrong with a value; null when it may be sent. The bounds are the API's.</summary>
    /// <param name="text">The value.</param>
    public string? Error(string text)
    {
        if (text.Length == 0) return Empty is null ? "Must be given." : null;
        if (Kind == SettingKind.Text)
        {
            if (text.Length > Most) return $"Must have at most {Most} characters.";
            return NameForm().IsMatch(text) ? null : "Must be letters, digits, spaces and . _ -, begin with a letter or a digit, and not look like an id.";
        }
        if (!IsNumber) return null;
        if (Parsed(text) is not { } number) return Kind == SettingKind.Whole ? "Must be a whole number." : "Must be a number, such as 0.8.";
        return number >= Least && number <= Most ? null : $"Must lie between {Number(Least)} and {Number(Most)}, not be {Number(number)}.";
    }

    /// <summary>A value as it would come back: numbers without what they don't need.</summary>
    /// <param name="text">The value.</param>
    public string Normal(string text) => IsNumber && Parsed(text.Trim()) is { } number ? Number(number) : Kind == SettingKind.Text ? text : text.Trim();

    /// <summary>A value as the API takes it; null for an empty one.</summary>
    /// <param name="text">The value, which is in order.</param>
    public JsonNode? Json(string text) => (Kind, text) switch
    {
        (_, "") => null,
        (SettingKind.Flag, _) => JsonValue.Create(text == "true"),
        (SettingKind.Whole, _) => JsonValue.Create((long)Parsed(text)!.Value),
        (SettingKind.Fraction, _) => JsonValue.Create(Parsed(text)!.Value),
        _ => JsonValue.Create(text),
    };

    /// <summary>A change in words, such as <c>Fewest nodes: 0 → 1</c>.</summary>
    /// <param name="from">The value before.</param>
    /// <param name="to">The value after.</param>
    public string Change(string from, string to) => $"{Label}: {Word(from)} → {Word(to)}";

    /// <summary>A value in words.</summary>
    /// <param name="text">The value.</param>
    public string Word(string text) => (Kind, text) switch
    {
        (_, "") => Empty ?? "empty",
        (SettingKind.Flag, _) => text == "true" ? "on" : "off",
        _ => Unit.Length == 0 ? text : $"{text} {Unit}",
    };

    /// <summary>Everything that differs between two endpoints' settings, in words.</summary>
    /// <param name="before">The settings before.</param>
    /// <param name="after">The settings after.</param>
    public static IReadOnlyList<string> Changes(EndpointSettings before, EndpointSettings after) =>
        [.. EndpointSettingList.All.Where(s => s.Of(before) != s.Of(after)).Select(s => s.Change(s.Of(before), s.Of(after)))];

    internal static string Number(decimal number) => number.ToString("0.############", CultureInfo.InvariantCulture);

    private decimal? Parsed(string text) => decimal.TryParse(text, Kind == SettingKind.Whole ? NumberStyles.AllowLeadingSign : NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"^(?!endpt-)[\p{L}\p{N}][\p{L}\p{N} ._\-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();
}
