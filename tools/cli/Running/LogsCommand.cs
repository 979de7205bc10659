using System.CommandLine;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Cli.Running;

/// <summary><c>hypervize logs [service]</c>: the end of one log or of all, and with <c>--follow</c> what is added.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static Command Create(IAnsiConsole console)
    {
        var service = new Argument<string?>("service") { Arity = ArgumentArity.ZeroOrOne, Description = "A service, postgres or rabbitmq; all services when left out." };
        service.AcceptOnlyFromAmong([.. ServiceTable.All.Select(s => s.Name), "postgres", "rabbitmq"]);
        var tail = new Option<int>("--tail", "-n") { Description = "How many lines of each.", DefaultValueFactory = _ => 40 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is added, until Ctrl-C." };
        var command = new Command("logs", "Show what services wrote.") { service, tail, follow, InstanceOption.Shared };
        command.SetAction(async (parsed, cancel) =>
        {
            var logs = Logs(Installation.Of(InstanceOption.FolderOf(parsed)), parsed.GetValue(service)).Where(l => File.Exists(l.File)).ToList();
            var width = logs.Select(l => l.Name.Length).DefaultIfEmpty().Max();
            var positions = logs.Select(l => new FileInfo(l.File).Length).ToList();
            foreach (var log in logs) Write(log.Name, LogTail.Of(log.File, parsed.GetValue(tail)));
            while (parsed.GetValue(follow))
            {
                await Task.Delay(Interval, cancel);
                for (var i = 0; i < logs.Count; i++)
                {
                    var (added, position) = LogTail.After(logs[i].File, positions[i]);
                    positions[i] = position;
                    Write(logs[i].Name, added);
                }
            }
            return 0;

            void Write(string name, string text)
            {
                foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    console.MarkupLineInterpolated(logs.Count == 1 ? $"{line}" : (FormattableString)$"[grey]{name.PadRight(width)}[/] {line}");
            }
        });
        return command;
    }

    private static IEnumerable<(string Name, string File)> Logs(Installation installation, string? service) => service switch
    {
        "postgres" => [(service, installation.Backing.Postgres.Log)],
        "rabbitmq" => [(service, installation.Backing.RabbitMq.Log)],
        null => ServiceTable.All.Select(s => (s.Name, installation.LogOf(s.Name))),
        _ => [(service, installation.LogOf(service))],
    };
}
