using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Npgsql;

namespace Hypervize.Bench.Lifecycle;

/// <summary>The whole platform, in an instance of its own that is removed afterwards.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>The simulator's model: loads for half a second, and its first token takes <see cref="FirstToken"/>.</summary>
    private const string Model = "simulator/tiny?load=0.5&ttft=50";

    private Stage()
    {
    }

    /// <summary>What the simulator is told to take for its first token.</summary>
    public static TimeSpan FirstToken { get; } = TimeSpan.FromMilliseconds(50);

    public Installation Installation { get; } = Installation.Of(DataDirectory.NewInstance("bench"));

    public PlatformClient Client { get; private set; } = null!;

    /// <summary>What the bus brings.</summary>
    public Listener Heard { get; private set; } = null!;

    /// <summary>Starts the servers alone, told to remember when each transaction was committed.</summary>
    public static async Task<Stage> SetAsync(Action<string> progress, CancellationToken cancel)
    {
        var stage = new Stage();
        try
        {
            var backing = stage.Installation.Backing;
            await backing.StartAsync(progress, cancel);
            await stage.QueryAsync("alter system set track_commit_timestamp = on", _ => 0, cancel);
            await backing.StopPostgresAsync();
            await backing.StartPostgresAsync(progress, cancel);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins to call and to listen; the services run.</summary>
    public async Task OpenAsync(CancellationToken cancel)
    {
        Client = new(Installation.Wiring.PublicUrl, Installation.Wiring.OperatorKey);
        Heard = await Listener.StartAsync(Installation.Backing.RabbitMq.Uri, cancel);
    }

    /// <summary>Creates an endpoint; gives its id.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="model">The simulator's model.</param>
    /// <param name="concurrency">Requests that its node takes at once.</param>
    public async Task<string> CreateAsync(string name, CancellationToken cancel, string model = Model, int concurrency = 16) => (string)(await Client.CallAsync(HttpMethod.Post, "v1/endpoints", cancel, new JsonObject
    {
        ["name"] = name, ["model"] = model, ["hardware"] = "g5.xlarge", ["scaling"] = new JsonObject { ["idleSeconds"] = 3600, ["concurrency"] = concurrency },
    }))!["id"]!;

    public Task DoAsync(string endpointId, string action, CancellationToken cancel) => Client.CallAsync(HttpMethod.Post, $"v1/endpoints/{endpointId}/{action}", cancel);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancel)
    {
        await using var source = NpgsqlDataSource.Create(Installation.Backing.Postgres.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel)) rows.Add(row(reader));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        if (Heard is not null) await Heard.DisposeAsync();
        Client?.Dispose();
        await Installation.StopAsync(_ => { });
        Directory.Delete(Installation.Folder, recursive: true);
    }
}
