using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Client;

/// <summary>Shows answers to people, or gives them to scripts.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print the answer as JSON.", Recursive = true };

    /// <summary>Prints JSON for a script: past the console that breaks lines to its width.</summary>
    /// <param name="json">The JSON.</param>
    public static void PrintJson(string json) => System.Console.Out.WriteLine(json);

    /// <summary>A subcommand that calls the platform: its answer as JSON where that is asked for, else as a person likes it.</summary>
    public static Command Calls(this Command command, IAnsiConsole console, Func<ParseResult, PlatformClient, CancellationToken, Task<JsonNode?>> call, Action<JsonNode> show)
    {
        command.SetAction(async (parsed, cancel) =>
        {
            using var platform = PlatformClient.Of(parsed);
            JsonNode? answer;
            try
            {
                answer = await call(parsed, platform, cancel);
            }
            catch (RefusedException e) when (e.Errors.Count > 0)
            {
                throw e.InWordsOf(command);
            }
            if (parsed.GetValue(Json)) PrintJson(answer?.ToJsonString(Indented) ?? "null");
            else if (answer is not null) show(answer);
            return 0;
        });
        return command;
    }

    /// <summary>A table of an array's objects.</summary>
    public static void Table(this IAnsiConsole console, JsonNode rows, params (string Title, Func<JsonNode, string?> Cell)[] columns)
    {
        var table = new Table { Border = TableBorder.None }.AddColumns([.. columns.Select(c => new TableColumn($"[grey]{c.Title}[/]") { NoWrap = true, Padding = new(0, 0, 3, 0) })]);
        foreach (var row in rows.AsArray()) table.AddRow([.. columns.Select(c => new Text(c.Cell(row!) ?? ""))]);
        console.Write(table);
    }
}
