using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hypervize.Bench.Load;

/// <summary>CPU time that processes have used, user and system, by the kernel's own count in nanoseconds; threads that ended count, too.</summary>
internal static class CpuTime
{
    /// <summary>Seconds of a process and of its children that run.</summary>
    /// <param name="pid">The process.</param>
    public static double Seconds(int pid) => Own(pid) + Children(pid).Sum(Seconds);

    private static IEnumerable<int> Children(int pid) =>
        File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => int.Parse(p, CultureInfo.InvariantCulture));

    private static double Own(int pid)
    {
        var time = new long[2];
        if (clock_getcpuclockid(pid, out var clock) != 0 || clock_gettime(clock, time) != 0) throw new Win32Exception();
        return time[0] + time[1] / 1e9;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int clock_getcpuclockid(int pid, out int clock);

    [DllImport("libc", SetLastError = true)]
    private static extern int clock_gettime(int clock, long[] time);
}
