using System.Security.Cryptography;
using System.Text;

namespace Hypervize.Cli.Platform;

/// <summary>Where Hypervize keeps its files on this machine: <c>HYPERVIZE_HOME</c>, else a place the system means for that.</summary>
public static class DataDirectory
{
    /// <summary>The folder.</summary>
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("HYPERVIZE_HOME") is { Length: > 0 } chosen ? Path.GetFullPath(chosen)
        // Root's home is closed to the other user that PostgreSQL must run as.
        : Environment.IsPrivilegedProcess ? "/var/lib/hypervize"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "hypervize");

    /// <summary>The variable by which tests are told the state file of their run's instance.</summary>
    public const string TestInstance = "HYPERVIZE_TEST_INSTANCE";

    /// <summary>Programs that were downloaded; shared by all instances.</summary>
    public static string Tools => Made("tools");

    /// <summary>The instance of this checkout: clones beside each other do not disturb each other.</summary>
    public static string DefaultInstance => Instance($"checkout-{Checkout.Id}");

    /// <summary>An instance that nobody else has. Within a run of the tests it is inside theirs, and goes with it whatever happens.</summary>
    /// <param name="purpose">A word for its name.</param>
    public static string NewInstance(string purpose)
    {
        var name = $"{purpose}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        return Environment.GetEnvironmentVariable(TestInstance) is { Length: > 0 } file
            ? Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(file)!, name)).FullName
            : Instance(name);
    }

    /// <summary>Folders of the instances that were made for a purpose.</summary>
    /// <param name="purpose">The word in their names.</param>
    public static IEnumerable<string> InstancesFor(string purpose) => Directory.GetDirectories(Made("instances"), $"{purpose}-*");

    /// <summary>An instance by name.</summary>
    /// <param name="name">Its name.</param>
    public static string Instance(string name) => Made(Path.Combine("instances", name));

    private static string Made(string name)
    {
        var path = Path.Combine(Root, name);
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new MissingOnThisMachineException($"Can't write to {path}: {e.Message} Set HYPERVIZE_HOME to a folder that you may write to.");
        }
    }
}

/// <summary>The checkout that this program was built from.</summary>
public static class Checkout
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A short name for its place on this machine.</summary>
    public static string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..12];

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Hypervize.sln"))) return directory.FullName;
        throw new MissingOnThisMachineException("Run this from a checkout of Hypervize: Hypervize.sln is nowhere above the program.");
    }
}
