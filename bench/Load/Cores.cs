using System.Globalization;

namespace Hypervize.Bench.Load;

/// <summary>Which core does what: what is measured has one for itself, all else is on another. Nothing is pinned on a machine of one core.</summary>
internal static class Cores
{
    private const string Allowed = "Cpus_allowed_list:";

    private static readonly Lazy<int[]> All = new(() => Listed(File.ReadLines("/proc/self/status").First(l => l.StartsWith(Allowed, StringComparison.Ordinal))[Allowed.Length..]));

    /// <summary>Whether there are two.</summary>
    public static bool Pinned => All.Value.Length > 1;

    /// <summary>What to put before a command that is to be measured.</summary>
    public static string[] Measured => Pinned ? ["taskset", "-c", $"{All.Value[0]}"] : [];

    /// <summary>Moves this process, and with it whatever it starts, off the core of what is measured.</summary>
    public static async Task MakeWayAsync(CancellationToken cancel)
    {
        if (!Pinned) return;
        if (Executables.Find("taskset") is not { } taskset) throw new MissingOnThisMachineException("Install taskset (util-linux): what is measured gets a core for itself.");
        await Executables.RunAsync(taskset, ["-a", "-p", "-c", $"{All.Value[1]}", $"{Environment.ProcessId}"], cancel);
    }

    /// <summary>Seconds for which cores were busy, or withheld by the machine's host, since the machine was started.</summary>
    /// <param name="all">Of all cores together; else of the one that what is measured has.</param>
    public static double BusySeconds(bool all = false)
    {
        const int IdleField = 4, WaitingForDiskField = 5, TicksPerSecond = 100;
        var core = Pinned && !all ? $"cpu{All.Value[0]} " : "cpu ";
        var ticks = File.ReadLines("/proc/stat").First(l => l.StartsWith(core, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return ticks.Where((_, field) => field is > 0 and <= 8 && field is not IdleField and not WaitingForDiskField).Sum(t => double.Parse(t, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>The cores that a list of the kernel's names, such as <c>0-3,8</c>.</summary>
    /// <param name="list">The list.</param>
    public static int[] Listed(string list) =>
    [
        .. list.Trim().Split(',').Select(part => part.Split('-').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray())
            .SelectMany(ends => Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)),
    ];
}
