using System.Globalization;

namespace Hypervize.Bench.Load;

/// <summary>How many files, and so connections, a process may have open.</summary>
internal static class OpenFiles
{
    private const string Row = "Max open files";

    /// <summary>The limit of this process. The runtime has raised it to the most it may be, and what is started inherits it.</summary>
    public static int Limit { get; } =
        int.TryParse(File.ReadLines("/proc/self/limits").First(l => l.StartsWith(Row, StringComparison.Ordinal))[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var limit)
            ? limit : int.MaxValue;
}
