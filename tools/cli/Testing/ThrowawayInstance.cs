using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Testing;

/// <summary>PostgreSQL and RabbitMQ for one run of the tests. Afterwards nothing of it is left: no process, no file.</summary>
internal sealed class ThrowawayInstance : IAsyncDisposable
{
    private const string Purpose = "test";
    private const string Run = "run";

    private readonly InstanceLock _running;

    private ThrowawayInstance(string folder, InstanceLock running) => (Backing, _running) = (BackingServices.Of(folder), running);

    public BackingServices Backing { get; }

    /// <summary>Temporary files of the tests; short, since sockets are made there, whose paths must be.</summary>
    public string Temporary { get; } = Directory.CreateTempSubdirectory("hvz-").FullName;

    /// <summary>What the tests are told.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["HYPERVIZE_TEST_POSTGRES"] = Backing.Postgres.ConnectionString,
        ["HYPERVIZE_TEST_RABBITMQ"] = Backing.RabbitMq.Uri,
        [DataDirectory.TestInstance] = Backing.StateFile,
        [MarkedProcesses.Instance] = Backing.Folder,
        [MarkedProcesses.Temporary] = Temporary,
    };

    public static async Task<ThrowawayInstance> NewAsync()
    {
        foreach (var folder in DataDirectory.InstancesFor(Purpose))
        {
            // A run that was killed left this: its lock is free.
            if (InstanceLock.TryAcquire(folder, Run) is { } left) await RemoveAsync(BackingServices.Of(folder), left);
        }
        var fresh = DataDirectory.NewInstance(Purpose);
        return new(fresh, await InstanceLock.AcquireAsync(fresh, Run, CancellationToken.None));
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
