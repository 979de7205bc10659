using System.Globalization;

namespace Hypervize.Bench.Load;

/// <summary>Which core does what: what is measured has one for itself, all else is on another. Nothing is pinned on a machine of one core.</summary>
internal static class Cores
{
    private static readonly int[] Ours = Listed(File.ReadLines("/proc/self/status").First(l => l.StartsWith(Allowed, StringComparison.Ordinal))[Allowed.Length..]);

    private const string Allowed = "Cpus_allowed_list:";

    /// <summary>Whether there are two.</summary>
    public static bool Pinned => Ours.Length > 1;

    /// <summary>What to put before a command that is to be measured.</summary>
    public static string[] Measured => Pinned ? ["taskset", "-c", $"{Ours[0]}"] : [];

    /// <summary>Moves this process, and with it whatever it starts, off the core of what is measured.</summary>
    public static async Task MakeWayAsync(CancellationToken cancel)
    {
        if (!Pinned) return;
        if (Executables.Find("taskset") is not { } taskset) throw new MissingOnThisMachineException("Install taskset (util-linux): what is measured gets a core for itself.");
        await Executables.RunAsync(taskset, ["-a", "-p", "-c", $"{Ours[1]}", $"{Environment.ProcessId}"], cancel);
    }

    /// <summary>The cores that a list of the kernel's names, such as <c>0-3,8</c>.</summary>
    /// <param name="list">The list.</param>
    public static int[] Listed(string list) =>
    [
        .. list.Trim().Split(',').Select(part => part.Split('-').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray())
            .SelectMany(ends => Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)),
    ];
}
