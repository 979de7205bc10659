using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hypervize.Cli.Tests;

/// <summary><c>hypervize simulate</c>, as a script calls it: without a platform.</summary>
public sealed class SimulateSpecs : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Two_settings_of_a_trace_stand_side_by_side()
    {
        var (exitCode, output, _) = await SimulateAsync("--trace", Trace(), "--current", "max=2", "--set", "max=4", "idle=30", "--json");
        var runs = JsonNode.Parse(output)!["runs"]!.AsArray();
        Assert.Equal((0, "current", "max=4 idle=30"), (exitCode, (string)runs[0]!["name"]!, (string)runs[1]!["name"]!));
        foreach (var name in (string[])["nodeHours", "costUsd", "wakes", "changes", "waitSeconds", "refused", "chart"]) Assert.Contains(name, runs[1]!.AsObject().Select(p => p.Key));
        Assert.True((double)runs[1]!["nodeHours"]! > 0);
    }

    [Fact]
    public async Task Without_a_trace_there_is_a_day_of_our_own_drawn_for_people()
    {
        var (exitCode, output, _) = await SimulateAsync();
        Assert.Equal(0, exitCode);
        foreach (var row in (string[])["requests in 24 h", "node-hours", "cost", "waited, p95", "at once", "waiting", "█"]) Assert.Contains(row, output);
    }

    [Theory]
    [InlineData("\"colour\" can't be set: give min, max", "--set", "colour=3")]
    [InlineData("max (most nodes) must be a whole number from 1 to 64", "--set", "max=many")]
    [InlineData("max (most nodes) must be a whole number", "--set", "max=2.5")]
    [InlineData("idle (seconds without a request before it sleeps) must be", "--endpoint", "chat", "--url", "http://localhost:1", "--key", "hvz", "--set", "idle=never")]
    [InlineData("idle is set twice", "--endpoint", "chat", "--url", "http://localhost:1", "--key", "hvz", "--set", "idle=1", "idle=2")]
    [InlineData("--trace can't be given beside --endpoint", "--endpoint", "chat", "--trace", "file.csv")]
    [InlineData("--hours goes with --endpoint", "--hours", "3")]
    [InlineData("--hours must be from 1 to 720", "--endpoint", "chat", "--hours", "0")]
    [InlineData("max (most nodes) must be", "--set", "max")]
    [InlineData("min (5) is above max (2)", "--set", "min=5", "max=2")]
    [InlineData("max is set twice", "--set", "max=5", "--set", "max=2")]
    [InlineData("set concurrency, too", "--set", "target=17")]
    [InlineData("The catalogue has no hardware \"abacus\"; it has", "--hardware", "abacus")]
    [InlineData("can't be read", "--trace", "/nowhere.csv")]
    [InlineData("--answer-rate must be above 0", "--answer-rate", "0")]
    public async Task What_makes_no_sense_is_said_in_a_line(string message, params string[] arguments)
    {
        var (exitCode, _, errors) = await SimulateAsync(arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, errors);
        Assert.DoesNotContain("   at ", errors);
    }

    private string Trace()
    {
        var path = _scratch["trace.csv"];
        File.WriteAllLines(path, ["TIMESTAMP,ContextTokens,GeneratedTokens", .. Enumerable.Range(0, 3000).Select(i => $"2026-01-05 08:{i / 300:00}:{i / 5 % 60:00},400,200")]);
        return path;
    }

    private static async Task<(int ExitCode, string Output, string Errors)> SimulateAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "simulate", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
