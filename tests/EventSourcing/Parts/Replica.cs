using System.Collections.Concurrent;
using Marten.Services;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Hypervize.EventSourcing.Tests;

/// <summary>One replica of a service: its streams, its forwarder, its bus.</summary>
public sealed class Replica : IAsyncDisposable
{
    public const string Service = "tallies";

    private readonly IHost _host;

    private Replica(IHost host) => _host = host;

    public EventStreams<Tally, TallyEvent> Streams => _host.Services.GetRequiredService<EventStreams<Tally, TallyEvent>>();

    public Marten.IDocumentStore Store => _host.Services.GetRequiredService<Marten.IDocumentStore>();

    public LogForwarder Forwarder => _host.Services.GetServices<IHostedService>().OfType<LogForwarder>().Single();

    public LogListener Log => _host.Services.GetRequiredService<LogListener>();

    public static async Task<Replica> StartAsync(Database database, Uri? broker = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(TimeProvider.System);
        EventLog.Add(builder.Services, Service, database.ConnectionString).Stream("tally", Tally.Fold).Forward(publish => publish.Publish(Tally.Fold,
            (stored, fact, state) => new TallyChanged(stored.StreamKey!, stored.Version, stored.Sequence, stored.Id, (Counted)fact, state)));
        builder.Services.Configure<MassTransitHostOptions>(o => (o.WaitUntilStarted, o.StopTimeout) = (true, TimeSpan.FromSeconds(2)));
        builder.Services.AddMassTransit(x => x.UsingRabbitMq((_, rabbit) => rabbit.Host(broker ?? Servers.Broker)));
        var host = builder.Build();
        await host.StartAsync();
        return new(host);
    }

    public Task<Outcome<Tally>> CountAsync(string tally, long number) =>
        Streams.DecideAsync(tally, (_, _) => Decision<TallyEvent>.Say(new Counted(number)), CancellationToken.None);

    /// <summary>Begins a stream in a transaction that is not committed yet; gives the number of its event.</summary>
    public async Task<long> AppendWithoutCommitAsync(NpgsqlTransaction transaction, string tally)
    {
        await using var session = Store.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.Events.StartStream(tally, new Counted(1));
        await session.SaveChangesAsync();
        return (await session.Events.FetchStreamAsync(tally)).Single().Sequence;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Hears what replicas publish, as a consumer of another service would, on a temporary queue.</summary>
public sealed class Listener : IAsyncDisposable
{
    private readonly IBusControl _bus;

    private Listener(IBusControl bus) => _bus = bus;

    public ConcurrentQueue<(TallyChanged Message, Guid? MessageId, string? TraceId, long At)> Heard { get; } = new();

    public static async Task<Listener> StartAsync()
    {
        Listener listener = null!;
        listener = new(Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.ReceiveEndpoint(new TemporaryEndpointDefinition(), queue =>
            {
                queue.ConcurrentMessageLimit = 1;
                queue.Handler<TallyChanged>(context =>
                {
                    listener.Heard.Enqueue((context.Message, context.MessageId, System.Diagnostics.Activity.Current?.TraceId.ToString(), System.Diagnostics.Stopwatch.GetTimestamp()));
                    return Task.CompletedTask;
                });
            });
        }));
        await listener._bus.StartAsync();
        return listener;
    }

    public IReadOnlyList<TallyChanged> Of(string tally) => [.. Heard.Select(h => h.Message).Where(m => m.Tally == tally)];

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(2));
}
