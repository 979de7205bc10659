using System.Globalization;
using System.Text;

namespace Hypervize.Provisioner.Local;

/// <summary>Looks through the machine's processes.</summary>
public static class ProcessTable
{
    private static readonly string[] TcpTables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>A process that bears a node's tags.</summary>
    /// <param name="NodeId">The node.</param>
    /// <param name="Process">The process.</param>
    public sealed record Tagged(string NodeId, NodeProcess Process);

    /// <summary>Processes tagged as an installation's, with node folders in a place.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="nodesDirectory">Where its nodes' folders are.</param>
    public static IReadOnlyList<Tagged> Of(string installation, string nodesDirectory) =>
        [.. from stat in All()
            let tags = Tags(stat.Pid)
            where tags?.GetValueOrDefault(NodeEnvironment.InstallationTag) == installation
                  && Path.GetDirectoryName(tags.GetValueOrDefault(NodeEnvironment.FolderTag)) == nodesDirectory
            select new Tagged(tags.GetValueOrDefault(NodeEnvironment.NodeTag, ""), new(stat.Pid, stat.StartTicks))];

    /// <summary>All that runs of a node: what is in its main process's session, and what bears its tag, wherever it has gone.</summary>
    /// <param name="main">The main process.</param>
    /// <param name="folder">The node's folder.</param>
    public static IReadOnlyList<NodeProcess> OfNode(NodeProcess main, string folder)
    {
        // A pid is not given away while its session has members: a stranger who has it says that there are none.
        var isTaken = ProcessStat.Of(main.Pid) is { } now && now.StartTicks != main.StartTicks;
        return [.. All().Where(s => (!isTaken && s.Session == main.Pid) || Tags(s.Pid)?.GetValueOrDefault(NodeEnvironment.FolderTag) == folder)
            .Select(s => new NodeProcess(s.Pid, s.StartTicks))];
    }

    /// <summary>Whether it is a node that listens on a port, and not a stranger who was faster.</summary>
    /// <param name="port">The port.</param>
    /// <param name="main">The node's main process.</param>
    /// <param name="folder">The node's folder.</param>
    public static bool Listens(int port, NodeProcess main, string folder)
    {
        var sockets = Listeners(port).Select(inode => $"socket:[{inode}]").ToHashSet(StringComparer.Ordinal);
        return Opens(main.Pid, sockets) || OfNode(main, folder).Any(p => Opens(p.Pid, sockets));
    }

    private static IEnumerable<ProcessStat> All() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? ProcessStat.Of(pid) : null)
            .OfType<ProcessStat>().Where(s => s.IsRunning);

    private static Dictionary<string, string>? Tags(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ")).Split('\0')
                .Where(v => v.StartsWith("HYPERVIZE_", StringComparison.Ordinal)).Select(v => v.Split('=', 2)).Where(v => v.Length == 2)
                .GroupBy(v => v[0]).ToDictionary(v => v.Key, v => v.First()[1]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Lines of /proc/net/tcp: number, local address:port, remote, state (0A listens), …, inode in the tenth column. Who listens comes
    // first. The rest is left unread: on a machine with ten thousand connections it takes the kernel a quarter of a second to list.
    private static IEnumerable<string> Listeners(int port)
    {
        var suffix = $":{port:X4}";
        return from table in TcpTables
               where File.Exists(table)
               from columns in File.ReadLines(table).Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).TakeWhile(c => c.Length > 9 && c[3] == "0A")
               where columns[1].EndsWith(suffix, StringComparison.Ordinal)
               select columns[9];
    }

    private static bool Opens(int pid, HashSet<string> sockets)
    {
        try
        {
            return new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Any(f => f.LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
