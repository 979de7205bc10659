using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Tests;

/// <summary>A folder for one test, where the user that PostgreSQL runs as can go too.</summary>
internal sealed class Scratch : IDisposable
{
    public string Folder { get; } = DataDirectory.NewInstance("cli");

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Starts a shell that bears this folder, detached.</summary>
    public DetachedProcess Shell(string script) => DetachedProcess.Start(
        this["shell.log"], ["/bin/sh", "-c", script], new Dictionary<string, string> { [MarkedProcesses.Instance] = Folder }, Folder);

    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition()) await Task.Delay(20, patience.Token);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
