using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;
using Npgsql;

namespace Hypervize.Endpoints.Tests;

/// <summary>The endpoints service on a database of its own and the real broker, with the services around it played by the tests.</summary>
public sealed class Installation : IAsyncLifetime
{
    public const string Account = "acct-0123456789ab";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _signingKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly string _database = $"endpoints_{Guid.NewGuid():N}";
    private IBusControl _bus = null!;
    private EndpointsProcess _service = null!;

    internal FakeProvisioner Provisioner { get; private set; } = null!;

    internal ConcurrentQueue<EndpointChanged> Heard { get; } = new();

    internal IReadOnlyCollection<string> Output => _service.Output;

    public async Task InitializeAsync()
    {
        await OnServerAsync($"create database {_database}");
        Provisioner = await FakeProvisioner.StartAsync(_signingKey);
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(Setting("HYPERVIZE_TEST_RABBITMQ")));
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
        await OnServerAsync($"drop database {_database} with (force)");
    }

    /// <summary>Starts the service, as <see cref="InitializeAsync"/> has.</summary>
    internal async Task StartServiceAsync()
    {
        _service = await EndpointsProcess.StartAsync(new Dictionary<string, string>
        {
            ["Identity__SigningKey"] = _signingKey, ["Bus__Uri"] = Setting("HYPERVIZE_TEST_RABBITMQ"), ["Peers__Provisioner"] = Provisioner.Url.ToString(),
            ["Postgres__ConnectionString"] = new NpgsqlConnectionStringBuilder(Setting("HYPERVIZE_TEST_POSTGRES")) { Database = _database, MaxPoolSize = 40 }.ConnectionString,
            ["Bootstrap__OperatorKey"] = $"hvz_live_{new string('0', 33)}", ["Proxy__PublicUrl"] = "http://hypervize.test",
        });
        await EventuallyAsync(async () =>
        {
            using var client = new HttpClient { BaseAddress = _service.Url };
            return (await client.GetAsync("/health/ready")).IsSuccessStatusCode;
        }, "the service to be ready");
    }

    internal ValueTask StopServiceAsync() => _service.DisposeAsync();

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
        await EventuallyAsync(() => Task.FromResult(Last() is { } last && last.Status == status), $"{endpointId} to be {status}");
        return Last()!;

        EndpointState? Last() => Heard.Where(m => m.EndpointId == endpointId).MaxBy(m => m.Version)?.State;
    }

    internal static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var deadline = DateTimeOffset.UtcNow + Patience;
        while (!await condition())
        {
            Assert.True(DateTimeOffset.UtcNow < deadline, $"Waited {Patience.TotalSeconds:0} s for {what}.");
            await Task.Delay(20);
        }
    }

    private HttpClient Client(Caller caller)
    {
        var issuer = new IdentityIssuer(new IdentitySettings { SigningKey = _signingKey }, TimeProvider.System);
        return new() { BaseAddress = _service.Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", issuer.Issue(caller)) } };
    }

    private static async Task OnServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Setting("HYPERVIZE_TEST_POSTGRES"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set. Run the tests by ./hypervize test.");
}

/// <summary>Classes that share the one service: its queues have fixed names, so two at once would take each other's messages.</summary>
[CollectionDefinition(Name)]
public sealed class OneInstallation : ICollectionFixture<Installation>
{
    public const string Name = "the service";
}
