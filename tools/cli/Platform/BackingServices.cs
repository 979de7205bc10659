using System.Security.Cryptography;
using System.Text.Json;

namespace Hypervize.Cli.Platform;

/// <summary>The private PostgreSQL and RabbitMQ of one instance. Ports and passwords are chosen once and kept in its folder.</summary>
public sealed class BackingServices
{
    private readonly string _file;
    private readonly State _state;

    private BackingServices(string folder, State state)
    {
        (Folder, _file, _state) = (folder, StateFile(folder), state);
        Postgres = new(Path.Combine(folder, "postgres"), state.PostgresPort, state.Password);
        RabbitMq = new(Path.Combine(folder, "rabbitmq"), (state.AmqpPort, state.DistributionPort, state.EpmdPort), state.Password);
    }

    /// <summary>The instance's folder.</summary>
    public string Folder { get; }

    /// <summary>The database server.</summary>
    public PostgresServer Postgres { get; }

    /// <summary>The broker.</summary>
    public RabbitMqServer RabbitMq { get; }

    /// <summary>Whether the database server runs.</summary>
    public bool PostgresRuns => _state.PostgresProcess?.IsAlive ?? false;

    /// <summary>Whether the broker runs.</summary>
    public bool RabbitMqRuns => _state.Broker?.IsAlive ?? false;

    /// <summary>The backing services of an instance, running or not.</summary>
    /// <param name="folder">The instance's folder.</param>
    public static BackingServices Of(string folder)
    {
        if (File.Exists(StateFile(folder))) return new(folder, JsonSerializer.Deserialize<State>(File.ReadAllText(StateFile(folder)))!);
        if (Ports.Free(4) is not [var postgres, var amqp, var distribution, var epmd]) throw new PlatformException("No free ports.");
        return new(folder, new State
        {
            PostgresPort = postgres, AmqpPort = amqp, DistributionPort = distribution, EpmdPort = epmd,
            Password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        });
    }

    /// <summary>Starts what does not run.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartAsync(Action<string> progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(Folder);
        Save();
        await Task.WhenAll(StartPostgresAsync(progress, cancel), StartRabbitMqAsync(progress, cancel));
    }

    /// <summary>Starts the database server unless it runs.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartPostgresAsync(Action<string> progress, CancellationToken cancel)
    {
        if (PostgresRuns) return;
        Directory.CreateDirectory(Path.Combine(Folder, "postgres"));
        _state.PostgresProcess = await Postgres.StartAsync(progress, cancel);
        Save();
    }

    /// <summary>Starts the broker unless it runs.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartRabbitMqAsync(Action<string> progress, CancellationToken cancel)
    {
        if (RabbitMqRuns) return;
        if (_state.Epmd is { } left) await left.KillIfAliveAsync();
        Directory.CreateDirectory(Path.Combine(Folder, "rabbitmq"));
        (_state.Epmd, _state.Broker) = await RabbitMq.StartAsync(progress, cancel);
        Save();
    }

    /// <summary>Stops both.</summary>
    public Task StopAsync() => Task.WhenAll(StopPostgresAsync(), StopRabbitMqAsync());

    /// <summary>Stops the database server.</summary>
    public Task StopPostgresAsync() => _state.PostgresProcess is { IsAlive: true } server ? PostgresServer.StopAsync(server) : Task.CompletedTask;

    /// <summary>Stops the broker.</summary>
    public Task StopRabbitMqAsync() => _state is { Epmd: { } epmd, Broker: { IsAlive: true } broker } ? RabbitMqServer.StopAsync(epmd, broker) : Task.CompletedTask;

    private void Save()
    {
        lock (_state)
        {
            var file = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var stream = new FileStream($"{_file}.new", file)) JsonSerializer.Serialize(stream, _state);
            File.Move($"{_file}.new", _file, overwrite: true);
        }
    }

    private static string StateFile(string folder) => Path.Combine(folder, "backing.json");

    private sealed class State
    {
        public required int PostgresPort { get; init; }
        public required int AmqpPort { get; init; }
        public required int DistributionPort { get; init; }
        public required int EpmdPort { get; init; }
        public required string Password { get; init; }
        public DetachedProcess? PostgresProcess { get; set; }
        public DetachedProcess? Epmd { get; set; }
        public DetachedProcess? Broker { get; set; }
    }
}
