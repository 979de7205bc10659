using System.Diagnostics;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Cli.Tests;

/// <summary>What <c>endpoints logs</c> makes of the platform's answers, which the tests play.</summary>
public sealed class LogSpecs : IAsyncLifetime
{
    private StandIn _platform = null!;
    private IResult _answer = Results.NoContent();

    public async Task InitializeAsync() => _platform = await new Identities().PlayAsync("platform", app => app.MapGet("/v1/endpoints/{id}/logs", () => _answer).AllowAnonymous());

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

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "endpoints", "logs", "endpt-0123456789ab", "--url", _platform.Url.ToString(), "--key", "hvz_live_test"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
