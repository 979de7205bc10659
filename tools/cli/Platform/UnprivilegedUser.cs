namespace Hypervize.Cli.Platform;

/// <summary>PostgreSQL will not run as root; when we are root, it runs as somebody who may do nothing else.</summary>
internal static class UnprivilegedUser
{
    private static readonly Lazy<(string User, string Group)> Chosen = new(() =>
    {
        var users = File.ReadLines("/etc/passwd").Select(l => l.Split(':')).ToLookup(f => f[0], f => f[3]);
        var user = users.Contains("postgres") ? "postgres" : "nobody";
        return (user, users[user].First());
    });

    /// <summary>What to put before a command so that it runs as that user; nothing when we are not root.</summary>
    public static IReadOnlyList<string> Prefix() => !Environment.IsPrivilegedProcess
        ? []
        : [Executables.Find("setpriv") ?? throw new MissingOnThisMachineException("Run this as an ordinary user, or install setpriv (util-linux): PostgreSQL will not run as root."),
            $"--reuid={Chosen.Value.User}", $"--regid={Chosen.Value.Group}", "--clear-groups"];

    /// <summary>Gives a folder to that user.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task OwnAsync(string folder, CancellationToken cancel)
    {
        if (Environment.IsPrivilegedProcess) await Executables.RunAsync("chown", ["-R", Chosen.Value.User, folder], cancel);
    }
}
