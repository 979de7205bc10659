namespace Hypervize.Cli.Platform;

/// <summary>
/// Unpacks Debian packages into a folder of ours, with what they need and the machine lacks, without installing them: no root needed,
/// no service is started, and the machine's own lists of packages stay as they are.
/// </summary>
public static class DebianPackages
{
    /// <summary>Whether this machine can.</summary>
    public static bool Available => Executables.Find("apt-get") is not null && Executables.Find("dpkg") is not null;

    /// <summary>Downloads and unpacks a package, once.</summary>
    /// <param name="package">The package.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The folder it was unpacked into.</returns>
    public static async Task<string> UnpackAsync(string package, Action<string> progress, CancellationToken cancel)
    {
        var folder = Path.Combine(DataDirectory.Tools, package);
        if (Directory.Exists(folder)) return folder;

        progress($"Downloading {package} from Debian");
        var staging = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        try
        {
            if (await DownloadAsync(package, [], staging, cancel) is not null)
            {
                var options = OwnLists();
                // One source that does not answer need not be the one that matters; the download tells.
                await Executables.RunAsync("apt-get", ["update", "-qq", .. options], cancel);
                if (await DownloadAsync(package, options, staging, cancel) is { } failure)
                    throw new MissingOnThisMachineException($"Install {package}, which could not be downloaded: {failure.Trim().Split('\n')[^1]}");
            }
            progress($"Unpacking {package}");
            foreach (var file in Directory.GetFiles(staging, "*.deb"))
            {
                var (exitCode, output) = await Executables.RunAsync("dpkg", ["-x", file, staging], cancel);
                if (exitCode != 0) throw new PlatformException($"{Path.GetFileName(file)} could not be unpacked: {output.Trim()}");
                File.Delete(file);
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

    /// <summary>The environment that programs of an unpacked package find their libraries by.</summary>
    /// <param name="folder">The folder it was unpacked into.</param>
    public static IReadOnlyDictionary<string, string> Libraries(string folder) => new Dictionary<string, string>
    {
        ["LD_LIBRARY_PATH"] = string.Join(Path.PathSeparator,
            ((string[])["usr/lib", "lib"]).Select(f => Path.Combine(folder, f)).Where(Directory.Exists).SelectMany(f => Directory.GetDirectories(f, "*-linux-gnu*"))),
    };

    /// <summary>The package of PostgreSQL's server that this Debian prefers.</summary>
    /// <param name="cancel">Stops.</param>
    public static async Task<string> PostgresAsync(CancellationToken cancel)
    {
        var (_, depends) = await Executables.RunAsync("apt-cache", ["depends", "postgresql"], cancel);
        return depends.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.StartsWith("Depends: postgresql-", StringComparison.Ordinal))?["Depends: ".Length..]
            ?? throw new MissingOnThisMachineException("Install PostgreSQL 14 or newer: apt-get install postgresql. Run apt-get update first if apt does not know it.");
    }

    /// <summary>Installs packages into the machine, as its administrator does: for programs that look for parts of themselves in fixed places. Needs root.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>What apt said.</returns>
    public static async Task<string> InstallAsync(string[] packages, CancellationToken cancel)
    {
        var quietly = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        await Executables.RunAsync("apt-get", ["update", "-qq"], cancel);
        return (await Executables.RunAsync("apt-get", ["install", "-qq", "--no-install-recommends", .. packages], cancel, environment: quietly)).Output;
    }

    /// <returns>What went wrong; null when nothing did.</returns>
    private static async Task<string?> DownloadAsync(string package, string[] options, string folder, CancellationToken cancel)
    {
        var (exitCode, plan) = await Executables.RunAsync("apt-get", ["install", "--simulate", "-qq", "--no-install-recommends", .. options, package], cancel);
        if (exitCode != 0) return plan;
        // Inst erlang-base (1:25.2.3 Debian:12 [amd64])
        string[] lacking = [.. plan.Split('\n').Where(l => l.StartsWith("Inst ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1])];
        var (failed, output) = await Executables.RunAsync("apt-get", ["download", "-qq", .. options, .. lacking.Union([package])], cancel, folder);
        return failed == 0 ? null : output;
    }

    private static string[] OwnLists()
    {
        var lists = Directory.CreateDirectory(Path.Combine(DataDirectory.Tools, "apt", "lists")).FullName;
        var cache = Directory.CreateDirectory(Path.Combine(DataDirectory.Tools, "apt", "cache")).FullName;
        return ["-o", $"Dir::State::Lists={lists}", "-o", $"Dir::Cache={cache}", "-o", $"APT::Sandbox::User={Environment.UserName}"];
    }
}
