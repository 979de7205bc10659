using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Spectre.Console;

namespace Hypervize.Cli.Endpoints;

/// <summary><c>hypervize endpoints why</c>: why an endpoint has as many nodes as it has, or had at some moment; and what changed that lately.</summary>
internal static class WhyCommand
{
    private const int Changes = 5;

    public static Command Create(IAnsiConsole console, Argument<string> endpoint)
    {
        var at = new Option<string?>("--at") { Description = "A moment of the last 30 days, in UTC: 14:05, or 2026-11-26T14:05:00Z; else now." };
        at.Validators.Add(r => { if (r.Tokens.Count == 1 && Moment(r.Tokens[0].Value, TimeProvider.System.GetUtcNow()) is null) r.AddError($"--at {r.Tokens[0].Value}: give a time in UTC, such as 14:05 or 2026-11-26T14:05:00Z."); });
        return new Command("why", "Why it has as many nodes as it has, or had.") { endpoint, at }.Calls(console, async (parsed, platform, cancel) =>
        {
            var id = await EndpointCommands.IdAsync(parsed, platform, cancel);
            var moment = parsed.GetValue(at) is { } text ? Moment(text, TimeProvider.System.GetUtcNow()) : null;
            var scaling = (await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}/scaling?limit=0{(moment is { } m ? $"&at={m:yyyy-MM-ddTHH:mm:ss.fffZ}" : "")}", cancel))!;
            var changes = (await EndpointCommands.TimelineAsync(platform, id, cancel)).AsArray().Where(e => (string?)e!["type"] is "endpoint_scaled" or "endpoint_hibernated" or "endpoint_woken");
            scaling["changes"] = new JsonArray([.. changes.Where(e => moment is null || e!["at"]!.GetValue<DateTimeOffset>() <= moment).TakeLast(Changes).Select(e => e!.DeepClone())]);
            if (moment is { } asked) scaling["asked"] = asked;
            return scaling;
        }, scaling => Show(console, scaling));
    }

    private static void Show(IAnsiConsole console, JsonNode scaling)
    {
        if (scaling["asked"] is { } asked)
        {
            var then = $"{asked.GetValue<DateTimeOffset>():yyyy-MM-dd HH:mm:ss}";
            if (scaling["at"] is { } found) Tell(console, $"At {then}", found);
            else console.MarkupLineInterpolated($"At {then} it was not up, and nothing was decided.");
        }
        else
        {
            console.MarkupLineInterpolated($"It is [bold]{(string)scaling["status"]!}[/], with {scaling["wanted"]!.ToJsonString()} nodes wanted and {scaling["ready"]!.ToJsonString()} ready.");
            if (scaling["now"] is { } found) Tell(console, "Now", found);
        }
        if (scaling["changes"]!.AsArray().Count == 0) return;
        console.MarkupLine("[grey]What changed it last:[/]");
        EndpointCommands.Timeline(console, scaling["changes"]!);
    }

    private static void Tell(IAnsiConsole console, string when, JsonNode found)
    {
        var (nodes, wanted) = ((int)found["nodes"]!, (int)found["wanted"]!);
        var verdict = nodes == wanted ? $"it should have the {wanted} that it had" : nodes == 0 ? "it should sleep" : $"it should have {nodes}, not {wanted}";
        console.MarkupLineInterpolated($"{when}: {verdict}; found from {Time(found["from"]!)} to {Time(found["to"]!)}, while the load needed {Number(found["leastNeeded"]!)} to {Number(found["mostNeeded"]!)} nodes.");
        console.MarkupLineInterpolated($"  {(string)found["words"]!}");
    }

    // A time of the day is the last one that was.
    private static DateTimeOffset? Moment(string text, DateTimeOffset now)
    {
        if (TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time))
            return new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + time.ToTimeSpan() is var today && today > now ? today.AddDays(-1) : today;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment) ? moment : null;
    }

    private static string Time(JsonNode at) => at.GetValue<DateTimeOffset>().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Number(JsonNode number) => ((double)number).ToString("0.##", CultureInfo.InvariantCulture);
}
