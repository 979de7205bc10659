using System.CommandLine;
using System.Text.Json.Nodes;

namespace Hypervize.Cli.Client;

/// <summary>Options that say how many inference requests are taken.</summary>
/// <param name="prefix">Before their names: empty, or <c>address-</c>.</param>
/// <param name="whose">Whose requests, for people; begins with a space unless it is empty.</param>
internal sealed class LimitOptions(string prefix = "", string whose = "")
{
    /// <summary>Requests per minute.</summary>
    public Option<int?> PerMinute { get; } = new($"--{prefix}rpm") { Description = $"Requests that may begin in a minute{whose}." };

    /// <summary>Requests at once.</summary>
    public Option<int?> Concurrent { get; } = new($"--{prefix}concurrent") { Description = $"Requests at once{whose}." };

    /// <summary>What a body says of them; null when none is given.</summary>
    public JsonObject? Of(ParseResult parsed)
    {
        var limits = new JsonObject();
        if (parsed.GetValue(PerMinute) is { } perMinute) limits["requestsPerMinute"] = perMinute;
        if (parsed.GetValue(Concurrent) is { } concurrent) limits["concurrent"] = concurrent;
        return limits.Count == 0 ? null : limits;
    }

    /// <summary>Limits in words; null for none.</summary>
    public static string? Words(JsonNode? limits)
    {
        var words = string.Join(", ", new[] { ("requestsPerMinute", "a minute"), ("concurrent", "at once") }.Where(l => limits?[l.Item1] is not null).Select(l => $"{limits![l.Item1]} {l.Item2}"));
        return words.Length == 0 ? null : words;
    }
}
