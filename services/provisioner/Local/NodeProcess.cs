using System.Globalization;
using System.Runtime.InteropServices;
using Hypervize.Processes;

namespace Hypervize.Provisioner.Local;

/// <summary>
/// A process, known by its pid and by the moment it started, in the kernel's ticks since boot: a stranger who was given the same pid is
/// another process, and no change of the clock makes one of the two look like the other.
/// </summary>
/// <param name="Pid">Process id.</param>
/// <param name="StartTicks">Field 22 of <c>/proc/PID/stat</c>, in hundredths of a second since boot.</param>
public sealed partial record NodeProcess(int Pid, long StartTicks)
{
    private const double TicksPerSecond = 100; // What user space is told, whatever the kernel's own clock does (man 5 proc).

    /// <summary>Which boot of the machine this is; a process of another one is gone.</summary>
    public static string Boot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Whether it still runs. One that ended and waits for its parent to notice does not.</summary>
    public bool IsAlive => ProcessStat.Of(Pid) is { IsRunning: true } stat && stat.StartTicks == StartTicks;

    /// <summary>How long ago it started.</summary>
    public TimeSpan Age => TimeSpan.FromSeconds(
        double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) - StartTicks / TicksPerSecond);

    /// <summary>The process that a stat line describes; null when it is no such line.</summary>
    /// <param name="stat">A line of <c>/proc/PID/stat</c>.</param>
    public static NodeProcess? From(string stat) => ProcessStat.Parse(stat) is { } parsed ? new(parsed.Pid, parsed.StartTicks) : null;

    /// <summary>Sends it a signal, if it still runs.</summary>
    /// <param name="signal">The signal.</param>
    public void Signal(PosixSignalNumber signal)
    {
        if (IsAlive) _ = Kill(Pid, (int)signal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}

/// <summary>What the kernel tells of a process.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="IsRunning">Whether it has not ended.</param>
/// <param name="Session">Pid of its session's leader.</param>
/// <param name="StartTicks">When it started, in hundredths of a second since boot.</param>
public sealed record ProcessStat(int Pid, bool IsRunning, int Session, long StartTicks)
{
    /// <summary>What the kernel tells now; null when there is no such process.</summary>
    /// <param name="pid">Process id.</param>
    public static ProcessStat? Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // pid (command) state ppid pgrp session …: the command may contain spaces and brackets, so what follows its last bracket counts.
    internal static ProcessStat? Parse(string line)
    {
        var end = line.LastIndexOf(')');
        var start = line.IndexOf(' ', StringComparison.Ordinal);
        if (start < 0 || end < start) return null;
        var fields = line[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && int.TryParse(line[..start], CultureInfo.InvariantCulture, out var pid)
               && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var session) && long.TryParse(fields[19], CultureInfo.InvariantCulture, out var ticks)
            ? new(pid, fields[0] is not ("Z" or "X"), session, ticks)
            : null;
    }
}
