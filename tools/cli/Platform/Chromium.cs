namespace Hypervize.Cli.Platform;

/// <summary>The browser that the dashboard is tested and measured in: the machine's own, else Debian's.</summary>
public static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    /// <summary>Finds it; as root on Debian installs it where it is missing.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Its program.</returns>
    /// <exception cref="MissingOnThisMachineException">There is none, and it can't be installed.</exception>
    public static async Task<string> FindAsync(Action<string> progress, CancellationToken cancel)
    {
        if (Found() is { } there) return there;
        var output = "";
        if (Environment.IsPrivilegedProcess && DebianPackages.Available)
        {
            progress("Installing chromium from Debian");
            output = await DebianPackages.InstallAsync(["chromium"], cancel);
        }
        return Found() ?? throw new MissingOnThisMachineException(
            $"Install Chromium, which the dashboard is tested in. Debian: apt-get install chromium; Fedora: dnf install chromium; macOS: install Google Chrome. {output.Trim().Split('\n')[^1]}".Trim());
    }

    private static string? Found() => Names.Select(name => Executables.Find(name)).FirstOrDefault(f => f is not null)
        ?? (File.Exists(OnMac) ? OnMac : null);

    private const string OnMac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
}
