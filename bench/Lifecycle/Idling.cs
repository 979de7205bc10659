using System.Diagnostics;
using Hypervize.Cli.Running;

namespace Hypervize.Bench.Lifecycle;

/// <summary>What the services cost while nobody calls and every endpoint sleeps.</summary>
internal static class Idling
{
    private const double AtRestPercent = 10;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public static TimeSpan Minute { get; } = TimeSpan.FromMinutes(1);

    /// <returns>Percent of one core, and MiB.</returns>
    public static async Task<(double CpuPercent, double RssMb)> MeasureAsync(Stage stage, Action<string> progress, CancellationToken cancel)
    {
        progress("Idling for a minute");
        await Task.Delay(Calm, cancel);
        var cpu = await CpuPercentAsync(stage, Minute, cancel);
        return (cpu, Sum(stage, p => p.WorkingSet64 / (1024.0 * 1024)));
    }

    /// <summary>Waits until the services have done what they were asked for, or for some minutes.</summary>
    public static async Task CalmAsync(Stage stage, Action<string> progress, CancellationToken cancel)
    {
        progress("Waiting until the services rest");
        var began = Stopwatch.GetTimestamp();
        while (await CpuPercentAsync(stage, Look, cancel) > AtRestPercent && Stopwatch.GetElapsedTime(began) < Longest) progress("Waiting until the services rest");
    }

    private static async Task<double> CpuPercentAsync(Stage stage, TimeSpan time, CancellationToken cancel)
    {
        var (before, started) = (Sum(stage, p => p.TotalProcessorTime.TotalSeconds), Stopwatch.GetTimestamp());
        await Task.Delay(time, cancel);
        return 100 * (Sum(stage, p => p.TotalProcessorTime.TotalSeconds) - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Sum(Stage stage, Func<Process, double> of) => ServiceTable.All.Sum(service =>
    {
        using var process = Process.GetProcessById(stage.Installation.ProcessOf(service.Name)!.Pid);
        return of(process);
    });
}
