namespace Hypervize.Cli.Platform;

/// <summary>Unpacks Debian packages into a folder of ours, without installing them: no root needed, and no service is started.</summary>
public static class DebianPackages
{
    /// <summary>Whether this machine can.</summary>
    public static bool Available => Executables.Find("apt-get") is not null && Executables.Find("dpkg") is not null;

    /// <summary>Downloads and unpacks packages, once.</summary>
    /// <param name="name">Name of the folder, of the main package.</param>
    /// <param name="packages">Packages.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The folder they were unpacked into.</returns>
    public static async Task<string> UnpackAsync(string name, IReadOnlyList<string> packages, Action<string> progress, CancellationToken cancel)
    {
        var folder = Path.Combine(DataDirectory.Tools, name);
        if (Directory.Exists(folder)) return folder;

        progress($"Downloading {name} from Debian");
        var staging = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        try
        {
            await DownloadAsync(packages, staging, cancel);
            progress($"Unpacking {name}");
            foreach (var package in Directory.GetFiles(staging, "*.deb"))
            {
                await MustAsync("dpkg", ["-x", package, staging], staging, cancel);
                File.Delete(package);
            }
            Directory.Move(staging, folder);
            return folder;
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            return folder; // Another of us was faster.
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
    }

    private static async Task DownloadAsync(IReadOnlyList<string> packages, string staging, CancellationToken cancel)
    {
        var (exitCode, _) = await Executables.RunAsync("apt-get", ["download", "-qq", .. packages], cancel, staging);
        if (exitCode == 0) return;
        if (Environment.IsPrivilegedProcess) await MustAsync("apt-get", ["update", "-qq"], staging, cancel);
        await MustAsync("apt-get", ["download", "-qq", .. packages], staging, cancel);
    }

    private static async Task MustAsync(string program, IEnumerable<string> arguments, string folder, CancellationToken cancel)
    {
        var (exitCode, output) = await Executables.RunAsync(program, arguments, cancel, folder);
        if (exitCode != 0) throw new MissingOnThisMachineException($"{program} failed: {output.Trim().Split('\n')[^1]}");
    }
}
