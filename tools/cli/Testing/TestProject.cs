using System.Globalization;

namespace Hypervize.Cli.Testing;

/// <summary>One project of tests, built.</summary>
/// <param name="Name">Its folder's name.</param>
/// <param name="File">Its project file.</param>
internal sealed record TestProject(string Name, string File)
{
    // No test of ours is silent for so long, but for the one that is told how long it is to last; one that is hangs, and is named.
    private const double SilentSeconds = 480;
    private const string SoakSeconds = "HYPERVIZE_SOAK_SECONDS";

    // The slowest first, so that they do not run alone at the end.
    private static readonly string[] Slowest = ["EndToEnd", "Provisioner", "Endpoints"];

    /// <summary>Those of a checkout, in the order in which they are best run.</summary>
    public static IReadOnlyList<TestProject> Of(string checkout) =>
    [
        .. Directory.GetDirectories(Path.Combine(checkout, "tests"))
            .SelectMany(d => Directory.GetFiles(d, "*.Tests.csproj"))
            .Select(f => new TestProject(Path.GetFileName(Path.GetDirectoryName(f))!, f))
            .OrderBy(p => Array.IndexOf(Slowest, p.Name) is >= 0 and var place ? place : Slowest.Length).ThenBy(p => p.Name, StringComparer.Ordinal),
    ];

    private static string Hanging() => string.Create(CultureInfo.InvariantCulture,
        $"{SilentSeconds + (double.TryParse(Environment.GetEnvironmentVariable(SoakSeconds), CultureInfo.InvariantCulture, out var soak) ? soak : 0)}s");

    /// <summary>Runs its tests.</summary>
    /// <param name="filter">Which, as <c>dotnet test</c> has it; null for all.</param>
    /// <param name="results">Folder for results.</param>
    /// <param name="environment">What the tests are told.</param>
    /// <param name="cancel">Ends them.</param>
    public async Task<TestRun> RunAsync(string? filter, string results, IReadOnlyDictionary<string, string> environment, CancellationToken cancel)
    {
        var program = Path.Combine(Path.GetDirectoryName(File)!, "bin", "Debug", "net10.0", $"{Path.GetFileNameWithoutExtension(File)}.dll");
        var trx = Path.Combine(results, $"{Name}-{Guid.NewGuid():N}.trx");
        string[] arguments =
        [
            "test", program, "--nologo", "--logger", $"trx;LogFileName={trx}", "--results-directory", results,
            "--blame-hang-timeout", Hanging(), "--blame-hang-dump-type", "none",
            .. filter is null ? (string[])[] : ["--filter", filter],
        ];
        var (exitCode, output) = await Executables.RunAsync("dotnet", arguments, cancel, Path.GetDirectoryName(File), environment);
        var run = System.IO.File.Exists(trx) ? TestRun.Read(Name, await System.IO.File.ReadAllTextAsync(trx, cancel)) : TestRun.None;
        // Who matched nothing leaves no results, and is content.
        return exitCode == 0 || run.Failed > 0 ? run : TestRun.Sum([run, TestRun.Died(Name, output)]);
    }
}
