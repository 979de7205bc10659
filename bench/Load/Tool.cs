using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Load;

/// <summary>A program that is measured, or measures: the machine's own, or one unpacked from its Debian package without installing it.</summary>
/// <param name="Program">The program.</param>
/// <param name="Environment">Variables that it finds its libraries by.</param>
internal sealed record Tool(string Program, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Finds a program, or unpacks its package.</summary>
    /// <param name="name">Name of the program and of its Debian package.</param>
    /// <param name="folder">The folder that the package has it in.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="MissingOnThisMachineException">It is neither here nor can it be had.</exception>
    public static async Task<Tool> FindAsync(string name, string folder, Action<string> progress, CancellationToken cancel)
    {
        if (Executables.Find(name) is { } found) return new(found, new Dictionary<string, string>());
        if (DebianPackages.Available && await DebianPackages.UnpackAsync(name, progress, cancel) is { } root && File.Exists(Path.Combine(root, folder, name)))
            return new(Path.Combine(root, folder, name), DebianPackages.Libraries(root));
        throw new MissingOnThisMachineException($"Install {name}, which the proxy is measured with or against.");
    }
}
