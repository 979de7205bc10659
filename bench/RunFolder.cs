using System.Globalization;
using Hypervize.Cli.Platform;
using Spectre.Console;

namespace Hypervize.Bench;

/// <summary>Folders in which runs keep what their figures were made of.</summary>
internal static class RunFolder
{
    /// <summary>A folder for this run.</summary>
    public static string New() =>
        Directory.CreateDirectory(Path.Combine(Checkout.Root, "bench", "results", DateTime.Now.ToString("yyyy-MM-ddTHH-mm-ss", CultureInfo.InvariantCulture))).FullName;

    /// <summary>Keeps the table in it, and tells where it is.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="figures">The figures.</param>
    public static void Keep(string folder, IReadOnlyCollection<Figure> figures)
    {
        using (var file = new StreamWriter(Path.Combine(folder, "table.txt")))
        {
            var table = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(file) });
            table.Profile.Width = 200;
            Figure.Show(table, figures);
        }
        Console.Error.WriteLine($"All samples, and what they were made with, are in {folder}");
    }
}
