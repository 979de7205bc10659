using System.ComponentModel;
using System.Diagnostics;

namespace Hypervize.Dashboard.Tests;

/// <summary>The parts of the pages' scripts that need no page, in Node. Beside this file, in Scripts, stands what is expected of them.</summary>
public sealed class ScriptSpecs
{
    [NodeTheory]
    [InlineData("sse")]
    [InlineData("chat")]
    [InlineData("logs")]
    public async Task A_script_does_what_is_expected_of_it(string name)
    {
        var root = Root();
        var folder = Directory.CreateTempSubdirectory("hypervize-scripts-");
        try
        {
            // Node takes a file for a module when its folder says so.
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "package.json"), """{"type": "module"}""");
            var scripts = folder.CreateSubdirectory("js").FullName;
            foreach (var script in Directory.GetFiles(Path.Combine(root, "services/dashboard/wwwroot/js"))) File.Copy(script, Path.Combine(scripts, Path.GetFileName(script)));
            File.Copy(Path.Combine(root, "tests/Dashboard/Scripts", $"{name}.mjs"), Path.Combine(folder.FullName, $"{name}.mjs"));

            using var node = Process.Start(new ProcessStartInfo("node", [$"{name}.mjs"]) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
            await node.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            Assert.True(node.ExitCode == 0, await output + await errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Hypervize.sln"))) directory = directory.Parent;
        return directory.FullName;
    }
}

/// <summary>A theory that needs Node, of version 20 or newer, and says so where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    private static readonly bool IsThere = Find();

    public NodeTheoryAttribute()
    {
        if (!IsThere) Skip = "There is no Node of version 20 or newer on this machine. Debian: apt-get install nodejs; macOS: brew install node.";
    }

    private static bool Find()
    {
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true })!;
            return int.TryParse(node.StandardOutput.ReadToEnd().TrimStart('v').Split('.')[0], out var version) && version >= 20;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
