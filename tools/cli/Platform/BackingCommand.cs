using System.CommandLine;
using Spectre.Console;

namespace Hypervize.Cli.Platform;

/// <summary><c>hypervize backing start|stop</c>: only the private PostgreSQL and RabbitMQ of this checkout.</summary>
internal static class BackingCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var start = new Command("start", "Start this checkout's own PostgreSQL and RabbitMQ, and print where they are.");
        start.SetAction(async (_, cancel) =>
        {
            var backing = BackingServices.Of(DataDirectory.DefaultInstance);
            await backing.StartAsync(line => console.MarkupLineInterpolated($"[grey]{line}[/]"), cancel);
            console.WriteLine(backing.Postgres.ConnectionString);
            console.WriteLine(backing.RabbitMq.Uri);
            return 0;
        });
        var stop = new Command("stop", "Stop them.");
        stop.SetAction(async (_, _) =>
        {
            await BackingServices.Of(DataDirectory.DefaultInstance).StopAsync();
            return 0;
        });
        return new Command("backing", "The private PostgreSQL and RabbitMQ of this checkout, for development.") { start, stop };
    }
}
