using System.Globalization;
using System.Text;

namespace Hypervize.Cli.Platform;

/// <summary>
/// Processes that bear a mark in their environment, which children inherit: what a service started, and what a command that was killed
/// had no time to write down, is found again.
/// </summary>
public static class MarkedProcesses
{
    /// <summary>The mark of everything that belongs to an instance; its value is the instance's folder.</summary>
    public const string Instance = "HYPERVIZE_INSTANCE";

    /// <summary>The mark of everything that belongs to one run of the tests.</summary>
    public const string TestRun = "HYPERVIZE_TEST_RUN";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Ends them all: asks first, then insists.</summary>
    /// <param name="name">Name of the mark.</param>
    /// <param name="value">Its value.</param>
    /// <returns>How many there were.</returns>
    public static async Task<int> EndAsync(string name, string value)
    {
        var found = await FindAsync(name, value);
        await Task.WhenAll(found.Select(p => p.StopAsync(PosixSignalNumber.Terminate, Patience)));
        return found.Count;
    }

    /// <summary>Finds them; this process is not among them.</summary>
    /// <param name="name">Name of the mark.</param>
    /// <param name="value">Its value.</param>
    public static async Task<IReadOnlyList<DetachedProcess>> FindAsync(string name, string value)
    {
        var pids = Directory.Exists("/proc/self") ? FromProc($"{name}={value}") : await FromPsAsync($"{name}={value}");
        return [.. pids.Where(pid => pid != Environment.ProcessId).Select(DetachedProcess.Running).OfType<DetachedProcess>()];
    }

    private static IEnumerable<int> FromProc(string mark)
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)) continue;
            string environment;
            try
            {
                environment = Encoding.UTF8.GetString(File.ReadAllBytes($"{folder}/environ"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // Gone, or somebody else's.
            }
            if (environment.Split('\0').Contains(mark)) yield return pid;
        }
    }

    // macOS has no /proc; its ps shows the environment of one's own processes after the command.
    private static async Task<IEnumerable<int>> FromPsAsync(string mark)
    {
        var (_, output) = await Executables.RunAsync("ps", ["-axEww", "-o", "pid=,command="], CancellationToken.None);
        return from line in output.Split('\n')
               where $"{line} ".Contains($" {mark} ", StringComparison.Ordinal)
               select int.Parse(line.Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
