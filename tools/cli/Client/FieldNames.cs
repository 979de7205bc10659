using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hypervize.Client;

namespace Hypervize.Cli.Client;

/// <summary>What the API's fields are called on the command line: a refusal speaks of what was typed.</summary>
internal static partial class FieldNames
{
    // Those that are called otherwise than their last part.
    private static readonly Dictionary<string, string> Others = new()
    {
        ["scaling.idleSeconds"] = "--idle", ["scaling.requestsPerMinute"] = "--node-rpm", ["scaling.tuning.windowSeconds"] = "--window", ["scaling.tuning.stabilisationSeconds"] = "--stabilisation",
        ["scaling.tuning.panicAt"] = "--panic", ["holdSeconds"] = "--hold", ["access"] = "--public", ["huggingFaceToken"] = "--hf-token",
        ["limits.requestsPerMinute"] = "--rpm", ["limits.perAddress.requestsPerMinute"] = "--address-rpm", ["limits.perAddress.concurrent"] = "--address-concurrent",
    };

    /// <summary>A refusal as a command's user reads it.</summary>
    /// <param name="refusal">What the platform said.</param>
    /// <param name="command">The command.</param>
    public static RefusedException InWordsOf(this RefusedException refusal, Command command)
    {
        var known = command.Options.Select(o => o.Name).ToHashSet();
        var message = Key().Replace(refusal.Message, key => Option(key.Value) ?? key.Value);
        return new(Dotted().Replace(message, path => Option(path.Value) ?? path.Value))
        {
            Status = refusal.Status, Code = refusal.Code, Detail = refusal.Detail, Errors = refusal.Errors, MayPass = refusal.MayPass,
        };

        string? Option(string field) =>
            (Others.TryGetValue(field, out var other) ? other : $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(field[(field.LastIndexOf('.') + 1)..])}") is var option && known.Contains(option) ? option : null;
    }

    [GeneratedRegex(@"(?<=^  )[A-Za-z.]+(?=: )", RegexOptions.Multiline)]
    private static partial Regex Key();

    [GeneratedRegex(@"(?<![\w.])[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)+(?![\w.]*\w)")]
    private static partial Regex Dotted();
}
