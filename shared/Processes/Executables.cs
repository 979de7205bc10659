using System.Diagnostics;

namespace Hypervize.Processes;

/// <summary>Finds and runs programs of this machine.</summary>
public static class Executables
{
    /// <summary>Path of a program on <c>PATH</c>, or in one of these folders; null when there is none.</summary>
    /// <param name="name">Name of the program.</param>
    /// <param name="folders">Further folders, looked at first.</param>
    public static string? Find(string name, params IEnumerable<string> folders) =>
        folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Concat(["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .Where(f => f.Length > 0).Select(f => Path.Combine(f, name)).FirstOrDefault(IsThere);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Program.</param>
    /// <param name="arguments">Arguments.</param>
    /// <param name="cancel">Kills it.</param>
    /// <param name="workingDirectory">Where it runs; null for here.</param>
    /// <param name="environment">Variables to set, on top of ours.</param>
    /// <returns>Exit code, and standard output and error together.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancel, string? workingDirectory = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var errors = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    // A link may lead nowhere: what it stood for was uninstalled.
    private static bool IsThere(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);
}
