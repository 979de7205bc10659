using System.Text.RegularExpressions;

namespace Hypervize.Provisioner.Local;

/// <summary>
/// Makes a program's arguments of a template. Placeholders: <c>{weights}</c> (where the model is on this disk, fetched before), <c>{model}</c> and <c>{revision}</c> (for
/// runtimes that load it by themselves), <c>{name}</c> (the model's served name), <c>{host}</c> and
/// <c>{port}</c> to listen on, <c>{concurrency}</c>, <c>{node}</c>, <c>{folder}</c> (the node's own), <c>{simulator}</c>, and <c>{arguments}</c>, which stands for as many
/// arguments as the model's sizing makes of it, in which <c>{adapter}</c> (where an adapter is on this disk) and <c>{name}</c> have their values. Another value becomes part
/// of one argument, whatever is in it, and of an option's value at most: it can't become an option itself.
/// </summary>
public static partial class CommandLine
{
    private static readonly string[] Placeholders = ["weights", "adapter", "revision", "model", "name", "host", "port", "concurrency", "node", "folder", "simulator", "arguments"];

    /// <summary>What is wrong with a template.</summary>
    /// <param name="template">The template.</param>
    public static IEnumerable<string> Errors(string template)
    {
        if (template.Count(c => c == '"') % 2 != 0) yield return $"A double quote is left open in: {template}";
        foreach (var name in Placeholder().Matches(template).Select(m => m.Groups[1].Value).Except(Placeholders))
            yield return $"There is no placeholder {{{name}}}; there are {string.Join(", ", Placeholders.Select(p => $"{{{p}}}"))}.";
    }

    /// <summary>Program and arguments.</summary>
    /// <param name="template">A template without errors.</param>
    /// <param name="values">Values of all placeholders.</param>
    /// <exception cref="UnsafeArgumentException">A value would be taken for an option or a file of options.</exception>
    public static IReadOnlyList<string> Expand(string template, IReadOnlyDictionary<string, string> values) =>
        [.. Argument().Matches(template).SelectMany(argument => Expand(argument, values))];

    private static string[] Expand(Match argument, IReadOnlyDictionary<string, string> values)
    {
        var text = argument.Value.Replace("\"", "");
        if (text == "{simulator}" && values["simulator"].EndsWith(".dll", StringComparison.Ordinal)) return ["dotnet", values["simulator"]];

        if (text == "{arguments}") return [.. values["arguments"].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Replace("{adapter}", values["adapter"]).Replace("{name}", values["name"]))];

        var expanded = Placeholder().Replace(text, m => values[m.Groups[1].Value]);
        if (expanded.Contains('\0') || (text.StartsWith('{') && expanded is ['-' or '@', ..])) throw new UnsafeArgumentException(expanded);
        return [expanded];
    }

    [GeneratedRegex(@"\{([A-Za-z_-]+)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("""(?:[^\s"]|"[^"]*")+""")]
    private static partial Regex Argument();
}

/// <summary>A value would be taken for something else than a value.</summary>
/// <param name="value">The value.</param>
public sealed class UnsafeArgumentException(string value) : Exception($"'{value}' would be read as an option of the runtime; a model's name begins with a letter or a digit.");
