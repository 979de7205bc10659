using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hypervize.Processes;

/// <summary>A process that outlives this one: its own session, its output in a file. Known again by pid and start time.</summary>
/// <param name="Pid">Process id, also the id of its process group.</param>
/// <param name="StartedAt">When it started, by the kernel.</param>
public sealed record DetachedProcess(int Pid, DateTime StartedAt)
{
    // The kernel counts start times in ticks since boot; turning them into a date loses some milliseconds either way.
    private static readonly TimeSpan SameStart = TimeSpan.FromSeconds(1);

    // The pid file is the first thing a process writes; a machine under load may take its time.
    private static readonly TimeSpan WritesItsPidWithin = TimeSpan.FromSeconds(5);

    /// <summary>Whether it still runs; a stranger that was given the same pid does not count.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                using var process = Process.GetProcessById(Pid);
                return !process.HasExited && (process.StartTime.ToUniversalTime() - StartedAt).Duration() < SameStart && !IsZombie(Pid);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }

    /// <summary>The process that runs under a pid now; null when none does.</summary>
    /// <param name="pid">The pid.</param>
    public static DetachedProcess? Running(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return new(pid, process.StartTime.ToUniversalTime());
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Name of the program that runs under a pid now; null when none does, or one that has ended and waits to be reaped.</summary>
    /// <param name="pid">The pid.</param>
    public static string? NameOf(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return IsZombie(pid) ? null : process.ProcessName;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Starts a program in a session of its own.</summary>
    /// <param name="log">File that its output is added to: a pipe would die with its reader, and take the program along.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="workingDirectory">Where it runs.</param>
    /// <param name="pidFile">File that it writes its own pid into before it begins; null for none.</param>
    /// <param name="inherit">Whether it inherits this process's variables as well.</param>
    /// <param name="ended">Told its exit code when it ends, if this process is still there then; null when nobody asks.</param>
    /// <exception cref="MissingOnThisMachineException">Neither setsid nor perl is installed.</exception>
    public static DetachedProcess Start(
        string log, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string workingDirectory, string? pidFile = null, bool inherit = true,
        Action<int>? ended = null)
    {
        // sh notes its pid, opens the log and makes way for the launcher, which makes way for the program: one process all along.
        string[] newSession = Executables.Find("setsid") is { } setsid
            ? [setsid]
            : [Executables.Find("perl") ?? throw new MissingOnThisMachineException("Install setsid (util-linux) or perl."), "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV"];
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "echo $$ >\"$1\"; shift; exec \"$@\" >>\"$0\" 2>&1 </dev/null", log, pidFile ?? "/dev/null", .. newSession, .. command])
        {
            WorkingDirectory = workingDirectory,
        };
        if (!inherit) start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var detached = new DetachedProcess(process.Id, StartTime(process));
        if (ended is null)
        {
            process.Dispose();
            return detached;
        }
        process.Exited += (_, _) =>
        {
            ended(process.ExitCode);
            process.Dispose();
        };
        process.EnableRaisingEvents = true;
        return detached;
    }

    /// <summary>The process that wrote a pid file; null when there is none any more, or a stranger has its pid.</summary>
    /// <param name="pidFile">The file.</param>
    public static DetachedProcess? From(string pidFile)
    {
        try
        {
            using var process = Process.GetProcessById(int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture));
            var started = process.StartTime.ToUniversalTime();
            var found = new DetachedProcess(process.Id, started);
            return (File.GetLastWriteTimeUtc(pidFile) - started).Duration() < WritesItsPidWithin && found.IsAlive ? found : null;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Asks it to end, and ends it when it has not after a while. Its whole process group goes with it.</summary>
    /// <param name="politely">The signal that asks.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="groupToo">Whether the asking signal goes to the whole group.</param>
    public async Task StopAsync(PosixSignalNumber politely, TimeSpan patience, bool groupToo = false)
    {
        if (IsAlive) Send(groupToo ? -Pid : Pid, politely);
        var deadline = Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency);
        while (IsAlive && Stopwatch.GetTimestamp() < deadline) await Task.Delay(20);
        await KillAsync();
    }

    /// <summary>Ends it and its process group at once, unless it is gone already.</summary>
    public async Task KillAsync()
    {
        while (IsAlive)
        {
            if (Send(-Pid, PosixSignalNumber.Kill) != 0) Send(Pid, PosixSignalNumber.Kill);
            await Task.Delay(10);
        }
    }

    // One that ended already has no start time any more, and needs none.
    private static DateTime StartTime(Process process)
    {
        try
        {
            return process.StartTime.ToUniversalTime();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return default;
        }
    }

    private static int Send(int target, PosixSignalNumber signal) => kill(target, (int)signal);

    // A child of ours that ended stays listed until it is reaped.
    private static bool IsZombie(int pid)
    {
        var stat = $"/proc/{pid}/stat";
        if (!File.Exists(stat)) return false;
        try
        {
            var text = File.ReadAllText(stat);
            return text[(text.LastIndexOf(')') + 2)..].StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}

/// <summary>Signals by their numbers on Linux and macOS alike.</summary>
public enum PosixSignalNumber
{
    /// <summary>SIGINT.</summary>
    Interrupt = 2,

    /// <summary>SIGKILL.</summary>
    Kill = 9,

    /// <summary>SIGTERM.</summary>
    Terminate = 15,
}
