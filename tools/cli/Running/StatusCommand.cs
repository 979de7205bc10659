using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Cli.Running;

/// <summary>How a part of the platform is.</summary>
/// <param name="Name">A service, <c>postgres</c> or <c>rabbitmq</c>.</param>
/// <param name="Status"><c>ready</c>, <c>not_ready</c>, <c>died</c> or <c>stopped</c>; <c>running</c> of a server.</param>
/// <param name="Pid">Its process; null when it does not run.</param>
/// <param name="Url">Its address; null when it does not run.</param>
/// <param name="RssMb">Memory in use, in MiB.</param>
/// <param name="Log">File its output goes to.</param>
/// <param name="Detail">What it lacks.</param>
internal sealed record PartStatus(string Name, string Status, int? Pid, string? Url, long? RssMb, string Log, string Detail);

/// <summary><c>hypervize status</c>: what runs, where, and what it lacks. Exits with 0 when all services are ready.</summary>
internal static class StatusCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Command Create(IAnsiConsole console)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("status", "Tell what runs, where, and what it lacks. Exits with 0 when all is ready.") { InstanceOption.Shared, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var installation = Installation.Of(InstanceOption.FolderOf(parsed));
            PartStatus[] parts = [.. await Task.WhenAll(ServiceTable.All.Select(s => OfAsync(installation, s.Name, cancel))), .. Servers(installation)];
            var ready = parts.All(p => p.Status is "ready" or "running");
            var url = installation.Runs ? installation.Wiring.PublicUrl : null;
            if (parsed.GetValue(json)) Output.PrintJson(JsonSerializer.Serialize(new { ready, url, folder = installation.Folder, parts }, Json));
            else Show(console, parts, url);
            return ready ? 0 : 1;
        });
        return command;
    }

    private static async Task<PartStatus> OfAsync(Installation installation, string service, CancellationToken cancel)
    {
        var log = installation.LogOf(service);
        if (installation.ProcessOf(service) is not { } process)
            return new(service, installation.Died(service) ? "died" : "stopped", null, null, null, log, installation.Died(service) ? LogTail.Of(log, 1) : "");
        var url = installation.Wiring.Url(service);
        var readiness = await Readiness.AskAsync(url, cancel);
        return new(service, readiness.IsReady ? "ready" : "not_ready", process.Pid, url, Rss(process.Pid), log, readiness.Complaint);
    }

    private static IEnumerable<PartStatus> Servers(Installation installation)
    {
        var (postgres, rabbit) = (installation.Backing.Postgres, installation.Backing.RabbitMq);
        yield return Server("postgres", installation.Backing.PostgresProcess, $"127.0.0.1:{postgres.Port}", postgres.Log);
        yield return Server("rabbitmq", installation.Backing.RabbitMqProcess, $"127.0.0.1:{rabbit.Port}", rabbit.Log);

        static PartStatus Server(string name, DetachedProcess? process, string address, string log) => process is null
            ? new(name, "stopped", null, null, null, log, "")
            : new(name, "running", process.Pid, address, Rss(process.Pid), log, "");
    }

    internal static long? Rss(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.WorkingSet64 / (1024 * 1024);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null; // Ended just now.
        }
    }

    private static void Show(IAnsiConsole console, IEnumerable<PartStatus> parts, string? url)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("", "status", "pid", "MiB", "address", "");
        foreach (var part in parts)
            table.AddRow(
                part.Name, $"[{Colour(part.Status)}]{part.Status.Replace('_', ' ')}[/]", part.Pid?.ToString(CultureInfo.InvariantCulture) ?? "",
                part.RssMb?.ToString(CultureInfo.InvariantCulture) ?? "", part.Url ?? "", Markup.Escape(part.Detail));
        console.Write(table);
        console.WriteLine(url is null ? "Start it with: ./hypervize up" : $"Hypervize is at {url}");
    }

    private static string Colour(string status) => status switch
    {
        "ready" or "running" => "green",
        "stopped" => "grey",
        _ => "red",
    };
}
