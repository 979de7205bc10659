using Spectre.Console;

namespace Hypervize.Cli.Platform;

/// <summary>Tells on standard error what takes long, so that standard output has nothing but results: in place on a terminal, else in lines.</summary>
internal static class ProgressLine
{
    private static readonly IAnsiConsole Errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    public static Task ShowAsync(Func<Action<string>, Task> work) => Console.IsErrorRedirected
        ? work(Console.Error.WriteLine)
        : Errors.Status().StartAsync("Working", status => work(line => status.Status(Markup.Escape(line))));
}
