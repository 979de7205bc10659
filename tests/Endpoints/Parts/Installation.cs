using System.Collections.Concurrent;
using System.Net.Http.Json;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using MassTransit;

namespace Hypervize.Endpoints.Tests;

/// <summary>The endpoints service on a database of its own and the real broker, with the services around it played by the tests.</summary>
public sealed class Installation : IAsyncLifetime
{
    public const string Account = "acct-0123456789ab";
    private static readonly string MasterKey = Convert.ToBase64String(Enumerable.Range(0, 32).Select(n => (byte)n).ToArray());
    private readonly Identities _identities = new();
    private Database _database = null!;
    private IBusControl _bus = null!;
    private ServiceProcess _service = null!;

    internal FakeProvisioner Provisioner { get; private set; } = null!;

    internal HubStandIn Hub { get; private set; } = null!;

    internal ConcurrentQueue<EndpointChanged> Heard { get; } = new();

    internal IReadOnlyCollection<string> Output => _service.Output;

    public async Task InitializeAsync()
    {
        _database = await Database.CreateAsync();
        Provisioner = await FakeProvisioner.StartAsync(_identities);
        Hub = await HubStandIn.StartAsync();
        Hub.Add("org/model", like: "Qwen/Qwen2.5-0.5B-Instruct");
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.ReceiveEndpoint(new TemporaryEndpointDefinition(), queue =>
            {
                queue.ConcurrentMessageLimit = 1;
                queue.Handler<EndpointChanged>(context =>
                {
                    Heard.Enqueue(context.Message);
                    return Task.CompletedTask;
                });
            });
        });
        await _bus.StartAsync();
        await StartServiceAsync();
    }

    public async Task DisposeAsync()
    {
        await StopServiceAsync();
        await _bus.StopAsync(TimeSpan.FromSeconds(5));
        await Provisioner.DisposeAsync();
        await Hub.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>Starts the service, as <see cref="InitializeAsync"/> has.</summary>
    internal async Task StartServiceAsync()
    {
        _service = await ServiceProcess.StartAsync("Endpoints", new Dictionary<string, string>
        {
            ["Identity__SigningKey"] = _identities.SigningKey, ["Bus__Uri"] = Servers.Broker.ToString(), ["Peers__Provisioner"] = Provisioner.Url.ToString(),
            ["Postgres__ConnectionString"] = _database.ConnectionString, ["Bootstrap__OperatorKey"] = $"hvz_live_{new string('0', 33)}",
            ["Proxy__PublicUrl"] = "http://hypervize.test", ["Hub__Endpoint"] = Hub.Url.ToString(), ["Secrets__MasterKey"] = MasterKey,
        });
        await _service.ReadyAsync();
    }

    internal ValueTask StopServiceAsync() => _service.DisposeAsync();

    /// <summary>Asks the service to stop, as an operator does, and waits until it has.</summary>
    internal Task TerminateServiceAsync() => _service.TerminateAsync();

    /// <summary>Ends the connection on which the service hears of what is appended to its log.</summary>
    internal Task DeafenAsync() => _database.ExecuteAsync($"""
        select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and application_name = '{LogListener.ApplicationName("endpoints")}'
        """);

    /// <summary>A client under the identity of a key.</summary>
    internal HttpClient As(string account = Account, params KeyScope[] scopes) => Client(new Caller(An.Owner, account, scopes.Length == 0 ? [KeyScope.Global] : scopes));

    /// <summary>A client under the identity of a service.</summary>
    internal HttpClient AsService(string name = "proxy") => Client(new Caller(name, null, []));

    internal HttpClient AsNobody() => new() { BaseAddress = _service.Url };

    internal Task PublishAsync(object message) => _bus.Publish(message, message.GetType());

    /// <summary>Creates an endpoint; gives its id.</summary>
    internal async Task<string> CreateAsync(int max = 3)
    {
        using var owner = As();
        using var created = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "chat", model = "org/model", hardware = An.Hardware, scaling = new { min = 0, max } });
        created.EnsureSuccessStatusCode();
        return created.Headers.Location!.ToString().Split('/')[^1];
    }

    /// <summary>Reports a fact as the provisioner does.</summary>
    internal Task ReportAsync(string endpointId, CapacityEvent fact) => PublishAsync(Provisioner.Record(endpointId, fact));

    /// <summary>Creates an endpoint and brings it up with one node.</summary>
    internal async Task<string> CreateUpAsync(string node)
    {
        var id = await CreateAsync();
        await ReportAsync(id, An.Requested(node));
        await ReportAsync(id, An.BecameReady(node));
        await HeardAsync(id, EndpointStatus.Up);
        return id;
    }

    /// <summary>Waits until the bus told that an endpoint has a status; gives the state then.</summary>
    internal async Task<EndpointState> HeardAsync(string endpointId, EndpointStatus status)
    {
        await Eventually.TrueAsync(() => Last() is { } last && last.Status == status, $"{endpointId} to be {status}");
        return Last()!;

        EndpointState? Last() => Heard.Where(m => m.EndpointId == endpointId).MaxBy(m => m.Version)?.State;
    }

    /// <summary>Lets an endpoint have had its status for longer.</summary>
    internal Task AgeAsync(string endpointId, TimeSpan by) => _database.ExecuteAsync($"""
        update endpoints.mt_doc_endpoint
        set data = jsonb_set(data, '{"{state,statusSince}"}', to_jsonb((data #>> '{"{state,statusSince}"}')::timestamptz - interval '{by.TotalSeconds} seconds'))
        where id = '{endpointId}'
        """);

    /// <summary>Moves an endpoint's secrets to another one, as who can write to the database could.</summary>
    internal Task MoveSecretsAsync(string from, string to) => _database.ExecuteAsync($"update endpoints.mt_doc_secrets set id = '{to}' where id = '{from}'");

    /// <summary>Lets a quote have run out.</summary>
    internal Task ExpireAsync(string quoteId) => _database.ExecuteAsync(
        $$"""update endpoints.mt_doc_quote set data = jsonb_set(data, '{expiresAt}', to_jsonb(now() - interval '1 second')) where id = '{{quoteId}}'""");

    /// <summary>The first table with a row that holds a text, whatever its columns are; null when there is none.</summary>
    internal async Task<string?> FindInDatabaseAsync(string text)
    {
        var tables = (string)(await _database.ExecuteAsync(
            "select string_agg(format('%I.%I', table_schema, table_name), ' ') from information_schema.tables where table_schema = 'endpoints' and table_type = 'BASE TABLE'"))!;
        foreach (var table in tables.Split(' '))
            if (await _database.ExecuteAsync($"select 1 from {table} t where strpos(row_to_json(t)::text, '{text}') > 0 limit 1") is not null) return table;
        return null;
    }

    /// <summary>A client under any identity.</summary>
    internal HttpClient Client(Caller caller) => _identities.Client(_service.Url, caller);
}

/// <summary>Classes that share the one service: its queues have fixed names, so two at once would take each other's messages.</summary>
[CollectionDefinition(Name)]
public sealed class OneInstallation : ICollectionFixture<Installation>
{
    public const string Name = "the service";
}
