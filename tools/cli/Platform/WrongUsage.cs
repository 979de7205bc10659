using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Hypervize.Cli.Platform;

/// <summary>Tells on standard error what is wrong with a command line.</summary>
internal static partial class WrongUsage
{
    /// <summary>Tells it, and where to read more: the whole help would scroll it off. Who names no command sees which there are.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="wrong">What would tell it.</param>
    public static int Tell(ParseResult parsed, ParseErrorAction wrong)
    {
        var told = new StringWriter();
        wrong.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0;
        parsed.Invoke(new() { Output = told, Error = told });
        Console.Error.WriteLine(NoNumber().Replace(told.ToString().Trim(), m => $"{m.Groups["name"]} takes {(m.Groups["type"].Value == "Int32" ? "a whole number" : "a number")}, not '{m.Groups["given"]}'."));
        if (!wrong.ShowHelp) Console.Error.WriteLine($"{Path(parsed.CommandResult)} --help tells what it takes.");
        return ExitCode.Usage;
    }

    private static string Path(CommandResult command) => command.Parent is CommandResult above ? $"{Path(above)} {command.Command.Name}" : command.Command.Name;

    [GeneratedRegex("Cannot parse argument '(?<given>.*)' for option '(?<name>.*)' as expected type '.*(?<type>Int32|Double|Decimal).*'\\.")]
    private static partial Regex NoNumber();
}
