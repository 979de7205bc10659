using Hypervize.Kit.Hub;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>A provisioner on a database, a broker and a machine, all real; what is around it is stood in for.</summary>
public sealed class Installation : IAsyncLifetime
{
    private readonly List<Replica> _replicas = [];
    private readonly Identities _identities = new();
    private Database _database = null!;

    internal EndpointStandIn Endpoints { get; private set; } = null!;

    internal string SigningKey => _identities.SigningKey;

    internal Machine Machine { get; } = new();

    internal HubStandIn Hub { get; private set; } = null!;

    /// <summary>The replica that was started last.</summary>
    internal Replica Replica => _replicas[^1];

    internal string Log => string.Join("\n--\n", _replicas.Select(r => r.Log));

    public async Task InitializeAsync()
    {
        _database = await Database.CreateAsync();
        Hub = await HubStandIn.StartAsync();
        Endpoints = await EndpointStandIn.StartAsync(_identities);
        await StartAsync();
    }

    internal async Task<Replica> StartAsync(Uri? broker = null)
    {
        var replica = await Replica.StartAsync(_identities, new Dictionary<string, string>
        {
            ["Postgres__ConnectionString"] = _database.ConnectionString,
            ["Bus__Uri"] = (broker ?? Servers.Broker).ToString(),
            ["Identity__SigningKey"] = _identities.SigningKey,
            ["Peers__Endpoints"] = Endpoints.Url.ToString(),
            ["Local__DataDirectory"] = Machine.Settings.DataDirectory,
            ["Local__Installation"] = Machine.Settings.Installation,
            ["Local__Simulator"] = Machine.Settings.Simulator,
            ["Hub__Endpoint"] = Hub.Url.ToString(),
            ["Local__Runtimes__given__Command"] = "sh -c \"ls $2; exec $0 $1 --host=127.0.0.1 --port=$3 --model=simulator/tiny?load=0.1 --served-model-name=$4 --node-id=$5\" {simulator} {weights} {port} {name} {node}",
            // Nobody listens there; but what is traced, is traced.
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=of-the-platform",
        });
        _replicas.Add(replica);
        return replica;
    }

    public async Task DisposeAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        await Machine.DisposeAsync();
        await Endpoints.DisposeAsync();
        await Hub.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>One installation for all specs that need one: two on one broker would take each other's messages.</summary>
[CollectionDefinition(Name)]
public sealed class OneInstallation : ICollectionFixture<Installation>
{
    public const string Name = "provisioner";
}
