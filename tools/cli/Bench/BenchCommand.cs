using System.CommandLine;
using System.Diagnostics;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Cli.Bench;

/// <summary><c>hypervize bench</c>: builds what stands in <c>bench/</c>, which is no part of the command itself, and hands over to it.</summary>
internal static class BenchCommand
{
    // It stops a whole platform.
    private static readonly TimeSpan StopsWithin = TimeSpan.FromMinutes(1);

    public static Command Create(IAnsiConsole console)
    {
        var rest = new Argument<string[]>("figures") { Description = "What to measure, and its options, for example: proxy --rounds 6 --json. There are lifecycle, proxy, wake, autoscaler, quotes and dashboard; bench -- proxy --help tells what one can do.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("bench", "Measure Hypervize on this machine, against the bars we hold ourselves to.") { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancel) =>
        {
            var project = Path.Combine(Checkout.Root, "bench");
            var (exitCode, output) = await Executables.RunAsync("dotnet", ["build", project, "--nologo", "--verbosity", "quiet", "-nodeReuse:false"], cancel);
            if (exitCode != 0)
            {
                console.WriteLine(output);
                return ExitCode.Failed;
            }
            string[] arguments = [Path.Combine(project, "bin", "Debug", "net10.0", "Hypervize.Bench.dll"), .. parsed.GetValue(rest)!, .. parsed.UnmatchedTokens];
            using var bench = Process.Start(new ProcessStartInfo("dotnet", arguments))!;
            try
            {
                await bench.WaitForExitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                if (DetachedProcess.Running(bench.Id) is { } running) await running.StopAsync(PosixSignalNumber.Terminate, StopsWithin);
                await bench.WaitForExitAsync(CancellationToken.None);
            }
            return bench.ExitCode;
        });
        return command;
    }
}
