using System.CommandLine;
using System.Diagnostics;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Cli.Testing;

/// <summary><c>hypervize test [filter]</c>: all tests, against a PostgreSQL and a RabbitMQ of their own.</summary>
internal static class TestCommand
{
    // The slowest project first, so that it does not run alone at the end.
    private static readonly string[] Slowest = ["EndToEnd", "Provisioner", "Endpoints"];

    public static Command Create(IAnsiConsole console)
    {
        var filter = new Argument<string?>("filter") { Arity = ArgumentArity.ZeroOrOne, Description = "A test project (Billing), or a part of a test's name." };
        var command = new Command("test", "Set up what the tests need and run them, all or those that match.") { filter };
        command.SetAction((parsed, cancel) => RunAsync(console, parsed.GetValue(filter), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IAnsiConsole console, string? filter, CancellationToken cancel)
    {
        var projects = Directory.GetDirectories(Path.Combine(Checkout.Root, "tests"))
            .SelectMany(d => Directory.GetFiles(d, "*.Tests.csproj")).OrderBy(Slowness).ToList();
        var named = projects.Where(p => string.Equals(Path.GetFileName(Path.GetDirectoryName(p)), filter, StringComparison.OrdinalIgnoreCase)).ToList();
        if (named.Count > 0) (projects, filter) = (named, null);

        var backing = BackingServices.Of(DataDirectory.NewInstance("test"));
        var results = Directory.CreateTempSubdirectory("hypervize-test-").FullName;
        try
        {
            var building = BuildAsync(console, cancel);
            await backing.StartAsync(line => console.MarkupLineInterpolated($"[grey]{line}[/]"), cancel);
            if (!await building) return 1;
            var run = await RunAllAsync(console, projects, filter, backing, results, cancel);
            Report(console, run);
            return run.Failed == 0 && run.Passed > 0 ? 0 : 1;
        }
        finally
        {
            await backing.StopAsync();
            Directory.Delete(results, recursive: true);
            Directory.Delete(backing.Folder, recursive: true);
        }
    }

    private static async Task<bool> BuildAsync(IAnsiConsole console, CancellationToken cancel)
    {
        console.MarkupLine("[grey]Building[/]");
        var (exitCode, output) = await Executables.RunAsync(
            "dotnet", ["build", Path.Combine(Checkout.Root, "Hypervize.sln"), "--nologo", "--verbosity", "quiet"], cancel);
        if (exitCode != 0) console.WriteLine(output);
        return exitCode == 0;
    }

    private static async Task<TestRun> RunAllAsync(
        IAnsiConsole console, IReadOnlyList<string> projects, string? filter, BackingServices backing, string results, CancellationToken cancel)
    {
        var runs = new List<TestRun>();
        await Parallel.ForEachAsync(projects, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = cancel }, async (project, stop) =>
        {
            var name = Path.GetFileName(Path.GetDirectoryName(project))!;
            var started = Stopwatch.GetTimestamp();
            var run = await RunProjectAsync(project, name, filter, backing, results, stop);
            lock (runs)
            {
                runs.Add(run);
                console.MarkupLineInterpolated($"{name,-14} {run.Summary} [grey]({Stopwatch.GetElapsedTime(started).TotalSeconds:0} s)[/]");
            }
        });
        return TestRun.Sum(runs);
    }

    private static async Task<TestRun> RunProjectAsync(
        string project, string name, string? filter, BackingServices backing, string results, CancellationToken cancel)
    {
        var trx = Path.Combine(results, $"{name}.trx");
        string[] arguments =
        [
            "test", project, "--no-build", "--nologo", "--logger", $"trx;LogFileName={trx}",
            "--environment", $"HYPERVIZE_TEST_POSTGRES={backing.Postgres.ConnectionString}", "--environment", $"HYPERVIZE_TEST_RABBITMQ={backing.RabbitMq.Uri}",
            .. filter is null ? (string[])[] : ["--filter", $"FullyQualifiedName~{filter}"],
        ];
        var (exitCode, output) = await Executables.RunAsync("dotnet", arguments, cancel);
        if (!File.Exists(trx)) return filter is not null && exitCode == 0 ? TestRun.Sum([]) : TestRun.Died(name, output);
        var run = TestRun.Read(name, await File.ReadAllTextAsync(trx, cancel));
        return exitCode != 0 && run.Failed == 0 ? TestRun.Sum([run, TestRun.Died(name, output)]) : run;
    }

    private static void Report(IAnsiConsole console, TestRun run)
    {
        foreach (var failure in run.Failures)
        {
            console.MarkupLineInterpolated($"\n[red]{failure.Project}: {failure.Name}[/]");
            console.WriteLine(failure.Message);
            console.WriteLine(failure.Stack);
        }
        console.WriteLine(run.Summary);
    }

    private static int Slowness(string project) =>
        Array.FindIndex(Slowest, s => project.Contains($"{Path.DirectorySeparatorChar}{s}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : Slowest.Length;
}
