using System.Diagnostics;
using Hypervize.Cli.Running;

namespace Hypervize.Bench.Lifecycle;

/// <summary>What the services cost while nobody calls and every endpoint sleeps.</summary>
internal static class Idling
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    public static TimeSpan Minute { get; } = TimeSpan.FromMinutes(1);

    /// <returns>Percent of one core, and MiB.</returns>
    public static async Task<(double CpuPercent, double RssMb)> MeasureAsync(Stage stage, Action<string> progress, CancellationToken cancel)
    {
        progress("Idling for a minute");
        await Task.Delay(Calm, cancel);
        var (before, started) = (Sum(p => p.TotalProcessorTime.TotalSeconds), Stopwatch.GetTimestamp());
        await Task.Delay(Minute, cancel);
        var cpu = (Sum(p => p.TotalProcessorTime.TotalSeconds) - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (100 * cpu, Sum(p => p.WorkingSet64 / (1024.0 * 1024)));

        double Sum(Func<Process, double> of) => ServiceTable.All.Sum(service =>
        {
            using var process = Process.GetProcessById(stage.Installation.ProcessOf(service.Name)!.Pid);
            return of(process);
        });
    }
}
