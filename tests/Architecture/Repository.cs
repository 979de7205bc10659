namespace Hypervize.Architecture.Tests;

/// <summary>The checkout the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Sources(params string[] folders) => Files("*.cs", folders);

    public static IEnumerable<string> Projects(params string[] folders) => Files("*.csproj", folders);

    public static string Name(string path) => Path.GetRelativePath(Root, path);

    private static IEnumerable<string> Files(string pattern, string[] folders) =>
        from folder in folders.Select(f => Path.Combine(Root, f)).Where(Directory.Exists)
        from file in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
        let parts = Name(file).Split(Path.DirectorySeparatorChar)
        where !parts.Contains("obj") && !parts.Contains("bin")
        select file;

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Hypervize.sln"))) directory = directory.Parent;
        return directory.FullName;
    }
}
