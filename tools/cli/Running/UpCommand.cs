using System.CommandLine;
using System.Text.Json;
using Hypervize.Cli.Client;
using Hypervize.Cli.Dashboard;
using Hypervize.Cli.Platform;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Running;

/// <summary><c>hypervize up</c> and <c>hypervize down</c>.</summary>
internal static class UpCommand
{
    public static Command Up(IAnsiConsole console)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("up", "Start the platform, and leave it running.") { InstanceOption.Shared, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var installation = Installation.Of(InstanceOption.FolderOf(parsed));
            var ready = TimeSpan.Zero;
            await ProgressLine.ShowAsync(async progress => ready = await installation.StartAsync(progress, cancel));
            var wiring = installation.Wiring;
            using var platform = new PlatformClient(wiring.PublicUrl, wiring.OperatorKey);
            var dashboard = await LinkAsync(platform, cancel);
            if (parsed.GetValue(json))
                Output.PrintJson(JsonSerializer.Serialize(new { url = wiring.PublicUrl, dashboard, operatorKeyFile = wiring.OperatorKeyFile, folder = wiring.Folder, readyMs = (long)ready.TotalMilliseconds }));
            else
                console.Write(new Rows(
                    new Markup($"[green]Hypervize is up[/] at [bold]{wiring.PublicUrl}[/] [grey](services ready in {ready.TotalSeconds:0.0} s)[/]"),
                    new Text(dashboard is null ? "Dashboard: it does not answer yet; `hypervize dashboard` prints a link that signs in." : $"Dashboard: {dashboard} (signs in once, within 15 minutes; `hypervize dashboard` prints another)"),
                    new Text($"Operator's key: {wiring.OperatorKeyFile}")));
            if (wiring.LostPort is { } lost)
                await Console.Error.WriteLineAsync(
                    $"Port {lost} was taken by another program, so the front door is at {wiring.PublicUrl} for now. Base URLs given out before have port {lost}: free it, then `hypervize down` and `hypervize up` go back to it.");
            return 0;
        });
        return command;
    }

    // The platform is up without it, too.
    private static async Task<string?> LinkAsync(PlatformClient platform, CancellationToken cancel)
    {
        try
        {
            return await DashboardCommand.LinkAsync(platform, null, cancel);
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    public static Command Down(IAnsiConsole console)
    {
        var purge = new Option<bool>("--purge") { Description = "Remove its data, keys and logs too." };
        var command = new Command("down", "Stop the platform. Nothing is left running.") { InstanceOption.Shared, purge };
        command.SetAction(async (parsed, _) =>
        {
            var folder = InstanceOption.FolderOf(parsed);
            await ProgressLine.ShowAsync(Installation.Of(folder).StopAsync);
            if (parsed.GetValue(purge)) Directory.Delete(folder, recursive: true);
            console.WriteLine(parsed.GetValue(purge) ? "Hypervize is down, and its data are gone." : "Hypervize is down.");
            return 0;
        });
        return command;
    }
}
