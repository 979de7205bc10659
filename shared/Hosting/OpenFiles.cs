using System.Globalization;

namespace Hypervize.Hosting;

/// <summary>How many files, and so connections, a process may have open.</summary>
public static class OpenFiles
{
    private const string Limits = "/proc/self/limits";
    private const string Row = "Max open files";

    /// <summary>The limit of this process, <see cref="int.MaxValue"/> where there is none or none is known. The runtime has raised it to the most it may be, and what is started inherits it.</summary>
    public static int Limit { get; } =
        File.Exists(Limits) && int.TryParse(File.ReadLines(Limits).First(l => l.StartsWith(Row, StringComparison.Ordinal))[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var limit)
            ? limit : int.MaxValue;
}
