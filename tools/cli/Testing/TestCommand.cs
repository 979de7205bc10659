using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Cli.Testing;

/// <summary><c>hypervize test</c>: all tests, against a PostgreSQL and a RabbitMQ of their own.</summary>
internal static class TestCommand
{
    // More at once is no matter of a busy machine.
    private const int MostOnceMore = 10;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Command Create(IAnsiConsole console)
    {
        var filter = new Argument<string?>("filter") { Arity = ArgumentArity.ZeroOrOne, Description = "A test project (Billing), or a part of a test's name." };
        var json = new Option<bool>("--json") { Description = "End with one JSON object instead of the line that sums up." };
        var command = new Command("test", "Set up what the tests need and run them, all or those that match.") { filter, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var started = Stopwatch.GetTimestamp();
            var chosen = parsed.GetValue(filter);
            if (await RunAsync(console, chosen, cancel) is not { } run) return 1;
            Show(console, run);
            if (run.Passed + run.Failed == 0) console.WriteLine(chosen is null ? "No test ran." : $"No test project and no test matches {chosen}.");
            if (parsed.GetValue(json))
                Output.PrintJson(JsonSerializer.Serialize(new { run.Passed, run.Failed, run.Skipped, Seconds = (int)Stopwatch.GetElapsedTime(started).TotalSeconds, run.Failures, run.Unsteady }, Json));
            else console.WriteLine(run.Summary);
            return run.Failed == 0 && run.Passed > 0 ? 0 : 1;
        });
        return command;
    }

    /// <returns>How they went; null when they did not build.</returns>
    private static async Task<TestRun?> RunAsync(IAnsiConsole console, string? filter, CancellationToken cancel)
    {
        var projects = TestProject.Of(Checkout.Root);
        var named = projects.Where(p => p.Name.Equals(filter, StringComparison.OrdinalIgnoreCase)).ToList();
        if (named.Count > 0) (projects, filter) = (named, null);

        await using var instance = await ThrowawayInstance.NewAsync(projects);
        using var building = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var built = BuildAsync(console, building.Token);
        try
        {
            await instance.Backing.StartAsync(line => console.MarkupLineInterpolated($"[grey]{line}[/]"), cancel);
            return await built ? await RunAllAsync(console, projects, filter, instance, cancel) : null;
        }
        finally
        {
            await building.CancelAsync();
            await ((Task)built).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> BuildAsync(IAnsiConsole console, CancellationToken cancel)
    {
        console.MarkupLine("[grey]Building[/]");
        // The whole solution: tests run programs that they do not reference.
        var (exitCode, output) = await Executables.RunAsync(
            "dotnet", ["build", Path.Combine(Checkout.Root, "Hypervize.sln"), "--nologo", "--verbosity", "quiet", "-nodeReuse:false"], cancel);
        if (exitCode != 0) console.WriteLine(output);
        return exitCode == 0;
    }

    private static async Task<TestRun> RunAllAsync(
        IAnsiConsole console, IReadOnlyList<TestProject> projects, string? filter, ThrowawayInstance instance, CancellationToken cancel)
    {
        var runs = new List<TestRun>();
        await Parallel.ForEachAsync(projects, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = cancel }, async (project, stop) =>
        {
            var started = Stopwatch.GetTimestamp();
            var run = await project.RunAsync(filter is null ? null : $"FullyQualifiedName~{filter}", instance.Temporary, instance.EnvironmentOf(project), stop);
            lock (runs)
            {
                runs.Add(run);
                if (run.Passed + run.Failed + run.Skipped > 0 || filter is null)
                    console.MarkupLineInterpolated($"{project.Name,-14} {run.Summary} [grey]({Stopwatch.GetElapsedTime(started).TotalSeconds:0} s)[/]");
            }
        });
        var all = TestRun.Sum(runs);
        return all.Failed is > 0 and <= MostOnceMore ? all.After(await RunOnceMoreAsync(console, projects, all, instance, cancel)) : all;
    }

    // Tests of real processes wait for real time, and a machine that is busy with others may let them wait too long. Alone, one after the other, they have no excuse.
    private static async Task<TestRun> RunOnceMoreAsync(IAnsiConsole console, IReadOnlyList<TestProject> projects, TestRun first, ThrowawayInstance instance, CancellationToken cancel)
    {
        var runs = new List<TestRun>();
        foreach (var failed in first.OnceMore)
        {
            console.MarkupLineInterpolated($"[grey]Once more, alone, of {failed.Key}: {string.Join(", ", failed.Distinct().Select(f => f[(f.LastIndexOf('.') + 1)..]))}[/]");
            var project = projects.Single(p => p.Name == failed.Key);
            runs.Add(await project.RunAsync(string.Join('|', failed.Distinct()), instance.Temporary, instance.EnvironmentOf(project), cancel));
        }
        return TestRun.Sum(runs);
    }

    private static void Show(IAnsiConsole console, TestRun run)
    {
        foreach (var failure in run.Unsteady.Concat(run.Failures))
        {
            var unsteady = run.Unsteady.Contains(failure) ? " passed at the second time only, and has to be mended" : "";
            console.MarkupLineInterpolated($"\n[red]{failure.Project}: {failure.Name}{unsteady}[/]");
            console.WriteLine(failure.Message);
            console.WriteLine(failure.Stack);
        }
    }
}
