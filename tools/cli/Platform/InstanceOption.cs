using System.CommandLine;

namespace Hypervize.Cli.Platform;

/// <summary><c>--instance</c>: which installation on this machine is meant.</summary>
internal static class InstanceOption
{
    public static Option<string?> Shared { get; } = new("--instance")
    {
        Description = "Another instance than this checkout's: a name, or a path of its folder.", HelpName = "NAME",
    };

    public static string FolderOf(ParseResult parsed) => parsed.GetValue(Shared) switch
    {
        null or "" => DataDirectory.DefaultInstance,
        var path when path.Contains(Path.DirectorySeparatorChar) => Path.GetFullPath(path),
        var name => DataDirectory.Instance(name),
    };
}
