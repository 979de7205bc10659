using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Testing;

/// <summary>PostgreSQL and RabbitMQ for one run of the tests. Afterwards nothing of it is left: no process, no file.</summary>
internal sealed class ThrowawayInstance : IAsyncDisposable
{
    private const string Purpose = "test";
    private const string Run = "run";

    private readonly InstanceLock _running;

    private ThrowawayInstance(BackingServices backing, InstanceLock running) => (Backing, _running) = (backing, running);

    public BackingServices Backing { get; }

    /// <summary>Temporary files of the tests; short, since sockets are made there, whose paths must be.</summary>
    public string Temporary { get; } = Directory.CreateTempSubdirectory("hvz-").FullName;

    /// <summary>What the tests of a project are told. Each has a virtual host of its own: queues have fixed names, and facts of strangers would wait in them.</summary>
    /// <param name="project">The project.</param>
    public IReadOnlyDictionary<string, string> EnvironmentOf(TestProject project) => new Dictionary<string, string>
    {
        ["HYPERVIZE_TEST_POSTGRES"] = Backing.Postgres.ConnectionString,
        ["HYPERVIZE_TEST_RABBITMQ"] = Backing.RabbitMq.UriOf(project.Name),
        [DataDirectory.TestInstance] = Backing.StateFile,
        [MarkedProcesses.Instance] = Backing.Folder,
        [MarkedProcesses.Temporary] = Temporary,
    };

    public static async Task<ThrowawayInstance> NewAsync(IEnumerable<TestProject> projects)
    {
        foreach (var folder in DataDirectory.InstancesFor(Purpose))
        {
            // A run that was killed left this: its lock is free.
            if (InstanceLock.TryAcquire(folder, Run) is { } left) await RemoveAsync(BackingServices.Of(folder), left);
        }
        var fresh = DataDirectory.NewInstance(Purpose);
        return new(BackingServices.Of(fresh, [.. projects.Select(p => p.Name)]), await InstanceLock.AcquireAsync(fresh, Run, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await MarkedProcesses.EndAsync(Temporary);
        await RemoveAsync(Backing, _running);
        Directory.Delete(Temporary, recursive: true);
    }

    private static async Task RemoveAsync(BackingServices backing, InstanceLock running)
    {
        await backing.StopAsync();
        await MarkedProcesses.EndAsync(backing.Folder);
        Directory.Delete(backing.Folder, recursive: true);
        running.Dispose();
    }
}
