using System.Security.Cryptography;

namespace Hypervize.Cli.Platform;

/// <summary>
/// The private PostgreSQL and RabbitMQ of one instance. Password, ports and processes are kept in a file of its folder, so that any
/// command, of any process, can go on with them.
/// </summary>
public sealed class BackingServices
{
    private readonly Lock _noting = new();
    private State _state;

    private BackingServices(string folder, IReadOnlyList<string> virtualHosts)
    {
        Folder = folder;
        _state = PrivateFile.ReadJson<State>(StateFile) ?? State.New(virtualHosts);
    }

    /// <summary>The instance's folder.</summary>
    public string Folder { get; }

    /// <summary>The file that tells other processes of these servers; exists once something was started.</summary>
    public string StateFile => Path.Combine(Folder, "backing.json");

    /// <summary>The database server.</summary>
    public PostgresServer Postgres => new(Folder, _state.PostgresPort, _state.Password);

    /// <summary>The broker.</summary>
    public RabbitMqServer RabbitMq => new(Folder, (_state.AmqpPort, _state.DistributionPort, _state.EpmdPort), _state.Password, _state.VirtualHosts);

    /// <summary>Process of the database server; null when it does not run.</summary>
    public DetachedProcess? PostgresProcess => Alive(_state.PostgresProcess);

    /// <summary>Process of the broker; null when it does not run.</summary>
    public DetachedProcess? RabbitMqProcess => Alive(_state.Broker);

    /// <summary>The backing services of an instance, running or not.</summary>
    /// <param name="folder">The instance's folder, or the state file in it.</param>
    /// <param name="virtualHosts">Virtual hosts that a new instance's broker has beside the default one.</param>
    public static BackingServices Of(string folder, params IReadOnlyList<string> virtualHosts) =>
        new(Path.GetFullPath(File.Exists(folder) ? Path.GetDirectoryName(Path.GetFullPath(folder))! : folder), virtualHosts);

    /// <summary>Starts what does not run. When one can't start, what was started with it is stopped.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartAsync(Action<string> progress, CancellationToken cancel)
    {
        await ChangeAsync(async () =>
        {
            var ran = (Postgres: PostgresProcess is not null, RabbitMq: RabbitMqProcess is not null);
            try
            {
                await Task.WhenAll(StartPostgresLockedAsync(progress, cancel), StartRabbitMqLockedAsync(progress, cancel));
            }
            catch
            {
                if (!ran.Postgres) await StopPostgresLockedAsync();
                if (!ran.RabbitMq) await StopRabbitMqLockedAsync();
                throw;
            }
        }, cancel);
    }

    /// <summary>Starts the database server unless it runs.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public Task StartPostgresAsync(Action<string> progress, CancellationToken cancel) => ChangeAsync(() => StartPostgresLockedAsync(progress, cancel), cancel);

    /// <summary>Starts the broker unless it runs.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public Task StartRabbitMqAsync(Action<string> progress, CancellationToken cancel) => ChangeAsync(() => StartRabbitMqLockedAsync(progress, cancel), cancel);

    /// <summary>Stops both in order.</summary>
    public Task StopAsync() => ChangeAsync(() => Task.WhenAll(StopPostgresLockedAsync(), StopRabbitMqLockedAsync()), CancellationToken.None);

    /// <summary>Stops the database server in order: what was committed stays.</summary>
    public Task StopPostgresAsync() => ChangeAsync(StopPostgresLockedAsync, CancellationToken.None);

    /// <summary>Stops the broker in order.</summary>
    public Task StopRabbitMqAsync() => ChangeAsync(StopRabbitMqLockedAsync, CancellationToken.None);

    /// <summary>Ends the database server at once, as a crash would.</summary>
    public Task KillPostgresAsync() => ChangeAsync(() => PostgresProcess?.KillAsync() ?? Task.CompletedTask, CancellationToken.None);

    /// <summary>Ends the broker at once, as a crash would.</summary>
    public Task KillRabbitMqAsync() => ChangeAsync(() => RabbitMqProcess?.KillAsync() ?? Task.CompletedTask, CancellationToken.None);

    private async Task StartPostgresLockedAsync(Action<string> progress, CancellationToken cancel)
    {
        if (PostgresProcess is not null) return;
        _state.PostgresPort = await Ports.StillOrAnotherAsync(_state.PostgresPort, cancel);
        await Postgres.StartAsync(progress, process => Note(() => _state.PostgresProcess = process), cancel);
    }

    private async Task StartRabbitMqLockedAsync(Action<string> progress, CancellationToken cancel)
    {
        if (RabbitMqProcess is not null) return;
        if (_state.Epmd is { } left) await left.KillAsync();
        _state.AmqpPort = await Ports.StillOrAnotherAsync(_state.AmqpPort, cancel);
        _state.DistributionPort = await Ports.StillOrAnotherAsync(_state.DistributionPort, cancel);
        _state.EpmdPort = await Ports.StillOrAnotherAsync(_state.EpmdPort, cancel);
        await RabbitMq.StartAsync(progress, process => Note(() => _state.Epmd = process), process => Note(() => _state.Broker = process), cancel);
    }

    private Task StopPostgresLockedAsync() => PostgresProcess is { } server ? PostgresServer.StopAsync(server) : Task.CompletedTask;

    private async Task StopRabbitMqLockedAsync()
    {
        if (RabbitMqProcess is { } broker) await RabbitMqServer.StopAsync(broker);
        if (_state.Epmd is { } epmd) await epmd.KillAsync();
    }

    private async Task ChangeAsync(Func<Task> change, CancellationToken cancel)
    {
        using var turn = await InstanceLock.AcquireAsync(Folder, "backing", cancel);
        _state = PrivateFile.ReadJson<State>(StateFile) ?? _state; // Another command may have changed it.
        await change();
        Note(() => { });
    }

    // Written down as soon as it is known: who starts a process must not forget it, whatever happens next.
    private void Note(Action change)
    {
        lock (_noting)
        {
            change();
            PrivateFile.WriteJson(StateFile, _state);
        }
    }

    private static DetachedProcess? Alive(DetachedProcess? process) => process is { IsAlive: true } ? process : null;

    private sealed class State
    {
        public required int PostgresPort { get; set; }
        public required int AmqpPort { get; set; }
        public required int DistributionPort { get; set; }
        public required int EpmdPort { get; set; }
        public required string Password { get; init; }
        public IReadOnlyList<string> VirtualHosts { get; init; } = [];
        public DetachedProcess? PostgresProcess { get; set; }
        public DetachedProcess? Epmd { get; set; }
        public DetachedProcess? Broker { get; set; }

        public static State New(IReadOnlyList<string> virtualHosts) => Ports.Free(4) is [var postgres, var amqp, var distribution, var epmd]
            ? new()
            {
                PostgresPort = postgres, AmqpPort = amqp, DistributionPort = distribution, EpmdPort = epmd,
                Password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), VirtualHosts = virtualHosts,
            }
            : throw new PlatformException("No free ports.");
    }
}
