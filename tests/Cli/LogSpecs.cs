using System.Diagnostics;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Cli.Tests;

/// <summary>What <c>endpoints logs</c> makes of the platform's answers, which the tests play.</summary>
public sealed class LogSpecs : IAsyncLifetime
{
    private StandIn _platform = null!;
    private readonly List<string?> _resumedAfter = [];
    private IResult _answer = Results.NoContent();
    private bool _refuses;

    public async Task InitializeAsync() => _platform = await new Identities().PlayAsync("platform", app => app.MapGet("/v1/endpoints/{id}/logs", (string id, HttpContext http) => http.Request.Headers.Accept == "text/event-stream" ? StreamAsync(http) : Task.FromResult(_answer)).AllowAnonymous());

    public Task DisposeAsync() => _platform.DisposeAsync().AsTask();

    [Fact]
    public async Task What_nodes_printed_is_shown()
    {
        _answer = Results.Text("node-1 | Hello\n");
        var (exitCode, output, _) = await RunAsync();
        Assert.Equal((0, "node-1 | Hello"), (exitCode, output.Trim()));
    }

    [Fact]
    public async Task A_refusal_is_told_in_its_own_words()
    {
        _answer = Problems.From(StatusCodes.Status409Conflict, "telemetry_off", "It is off. Switch it on.");
        var (exitCode, output, errors) = await RunAsync();
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("It is off. Switch it on. (telemetry_off)", errors);
    }

    [Fact]
    public async Task Who_follows_goes_on_where_a_stream_broke_until_it_ends_and_says_why()
    {
        var (exitCode, output, errors) = await RunAsync("--follow");
        Assert.Equal((0, "node-1 | One\nnode-1 | Two\nnode-2 | Three\n"), (exitCode, output));
        Assert.Equal([null, "first", "first", "second"], _resumedAfter);
        const string Broke = "The stream broke; it is gone on with as soon as the platform answers.";
        Assert.Equal([Broke, Broke, "It was deleted."], errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Who_may_not_follow_is_told_at_once()
    {
        _refuses = true;
        var (exitCode, output, errors) = await RunAsync("-f");
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("It is off. (telemetry_off)", errors);
    }

    // Breaks off within an event, is refused while a service is away, breaks off after an event, and ends.
    private async Task<IResult> StreamAsync(HttpContext http)
    {
        if (_refuses) return Problems.From(StatusCodes.Status409Conflict, "telemetry_off", "It is off.");
        _resumedAfter.Add(http.Request.Headers["Last-Event-ID"]);
        if (_resumedAfter.Count == 2) return Problems.From(StatusCodes.Status503ServiceUnavailable, "service_unavailable", "It is away.");
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync(_resumedAfter.Count switch
        {
            1 => ":\n\nevent: node\ndata: {\"nodeId\":\"node-1\",\"running\":true}\n\nevent: lines\nid: first\ndata: [{\"nodeId\":\"node-1\",\"level\":\"error\",\"text\":\"One\"}]\n\nevent: lines\nid: lost\ndata: [{\"node",
            3 => "event: lines\nid: second\ndata: [{\"nodeId\":\"node-1\",\"text\":\"Two\"},{\"nodeId\":\"node-2\",\"text\":\"Three\"}]\n\n",
            _ => "event: end\ndata: {\"code\":\"endpoint_deleted\",\"message\":\"It was deleted.\"}\n\n",
        });
        return Results.Empty;
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "endpoints", "logs", "endpt-0123456789ab", "--url", _platform.Url.ToString(), "--key", "hvz_live_test", .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
