using System.CommandLine;
using Spectre.Console;

namespace Hypervize.Cli.Platform;

/// <summary><c>hypervize backing start|stop|kill [postgres|rabbitmq]</c>: only the private PostgreSQL and RabbitMQ, for development and for tests.</summary>
internal static class BackingCommand
{
    private const string Postgres = "postgres";
    private const string RabbitMq = "rabbitmq";

    public static Command Create(IAnsiConsole console) => new("backing", "The private PostgreSQL and RabbitMQ of this checkout, for development.")
    {
        On("start", "Start them, and print where they are.", async (backing, server, cancel) =>
        {
            void Progress(string line) => console.MarkupLineInterpolated($"[grey]{line}[/]");
            await (server switch
            {
                Postgres => backing.StartPostgresAsync(Progress, cancel),
                RabbitMq => backing.StartRabbitMqAsync(Progress, cancel),
                _ => backing.StartAsync(Progress, cancel),
            });
            console.WriteLine(backing.Postgres.ConnectionString);
            console.WriteLine(backing.RabbitMq.Uri);
        }),
        On("stop", "Stop them in order.", (backing, server, _) => server switch
        {
            Postgres => backing.StopPostgresAsync(),
            RabbitMq => backing.StopRabbitMqAsync(),
            _ => backing.StopAsync(),
        }),
        On("kill", "End them at once, as a crash would.", (backing, server, _) => server switch
        {
            Postgres => backing.KillPostgresAsync(),
            RabbitMq => backing.KillRabbitMqAsync(),
            _ => Task.WhenAll(backing.KillPostgresAsync(), backing.KillRabbitMqAsync()),
        }),
    };

    private static Command On(string name, string description, Func<BackingServices, string?, CancellationToken, Task> act)
    {
        var server = new Argument<string?>("server") { Arity = ArgumentArity.ZeroOrOne, Description = "One of them; both when left out." };
        server.AcceptOnlyFromAmong(Postgres, RabbitMq);
        var command = new Command(name, description) { server, InstanceOption.Shared };
        command.SetAction(async (parsed, cancel) =>
        {
            await act(BackingServices.Of(InstanceOption.FolderOf(parsed)), parsed.GetValue(server), cancel);
            return 0;
        });
        return command;
    }
}
