using System.Globalization;
using System.Text;

namespace Hypervize.Cli.Platform;

/// <summary>
/// Processes that bear a folder in their environment, which children inherit: what a service started, and what a command that was killed
/// had no time to write down, is found again.
/// </summary>
public static class MarkedProcesses
{
    /// <summary>The variable that everything of an instance bears; its value is the instance's folder.</summary>
    public const string Instance = "HYPERVIZE_INSTANCE";

    /// <summary>The variable for the folder of temporary files; a run of tests has its own.</summary>
    public const string Temporary = "TMPDIR";

    // The provisioner keeps its own variables from nodes and gives each its folder instead.
    private static readonly string[] Marks = [Instance, Temporary, "HYPERVIZE_NODE_FOLDER"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Ends those that bear a folder, or one in it: asks first, then insists.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>How many there were.</returns>
    public static async Task<int> EndAsync(string folder)
    {
        var found = await FindAsync(folder);
        await Task.WhenAll(found.Select(p => p.StopAsync(PosixSignalNumber.Terminate, Patience)));
        return found.Count;
    }

    /// <summary>Finds those that bear a folder, or one in it; this process is not among them.</summary>
    /// <param name="folder">The folder.</param>
    public static async Task<IReadOnlyList<DetachedProcess>> FindAsync(string folder)
    {
        string[] marks = [.. Marks.Select(name => $"{name}={folder}")];
        var pids = Directory.Exists("/proc/self") ? FromProc(marks) : await FromPsAsync(marks);
        return [.. pids.Where(pid => pid != Environment.ProcessId).Select(DetachedProcess.Running).OfType<DetachedProcess>()];
    }

    private static IEnumerable<int> FromProc(string[] marks)
    {
        foreach (var process in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid)) continue;
            string environment;
            try
            {
                environment = Encoding.UTF8.GetString(File.ReadAllBytes($"{process}/environ"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // Gone, or somebody else's.
            }
            if (environment.Split('\0').Any(variable => marks.Any(mark => variable == mark || variable.StartsWith($"{mark}/", StringComparison.Ordinal)))) yield return pid;
        }
    }

    // macOS has no /proc; its ps shows the environment of one's own processes after the command.
    private static async Task<IEnumerable<int>> FromPsAsync(string[] marks)
    {
        var (_, output) = await Executables.RunAsync("ps", ["-axEww", "-o", "pid=,command="], CancellationToken.None);
        return from line in output.Split('\n')
               where marks.Any(mark => $"{line} ".Contains($" {mark} ", StringComparison.Ordinal) || line.Contains($" {mark}/", StringComparison.Ordinal))
               select int.Parse(line.Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
