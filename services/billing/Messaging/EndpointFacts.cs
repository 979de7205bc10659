using System.Text;
using Hypervize.Billing.Ledger;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;
using MassTransit;

namespace Hypervize.Billing.Messaging;

/// <summary>Where the other services are.</summary>
public sealed class PeerSettings
{
    /// <summary>Base address of the endpoints service.</summary>
    [System.ComponentModel.DataAnnotations.Required] public Uri? Endpoints { get; set; }
}

/// <summary>Reads the streams of endpoints from their owner.</summary>
/// <param name="clients">Makes clients that show this service's identity.</param>
public sealed class EndpointStreams(IHttpClientFactory clients)
{
    /// <summary>Name of the client.</summary>
    public const string ClientName = "endpoints";

    /// <summary>A client of the owner.</summary>
    public HttpClient Client() => clients.CreateClient(ClientName);

    /// <summary>Facts of an endpoint after a version, in order; a page of them, empty at the end.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="after">Version; 0 for the beginning.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<EndpointChanged>> AfterAsync(string endpointId, long after, CancellationToken cancel)
    {
        using var client = Client();
        return await client.GetFromJsonAsync<IReadOnlyList<EndpointChanged>>($"internal/endpoints/{endpointId}/events?after={after}", Json.Options, cancel) ?? [];
    }

    /// <summary>Endpoints of an account, deleted ones included, and how far their streams have come.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<StreamVersion>> OfAccountAsync(string accountId, CancellationToken cancel)
    {
        using var client = Client();
        return await client.GetFromJsonAsync<IReadOnlyList<StreamVersion>>(
            $"internal/endpoints/versions?account={Uri.EscapeDataString(accountId)}", Json.Options, cancel) ?? [];
    }
}

/// <summary>Takes every fact of every endpoint into its account's ledger.</summary>
public sealed class EndpointFacts(FactFeed<EndpointChanged> feed) : IConsumer<EndpointChanged>
{
    /// <summary>The queue it reads.</summary>
    public const string Queue = "billing-endpoints";

    // Deciding on one ledger from several threads would only make conflicts.
    private const int Partitions = 16;

    /// <summary>The feed behind the queue.</summary>
    /// <param name="services">The service's container.</param>
    public static FactFeed<EndpointChanged> Feed(IServiceProvider services)
    {
        var ledgers = services.GetRequiredService<EventStreams<LedgerState, LedgerEvent>>();
        return new(services.GetRequiredService<IDocumentStore>(), fact => fact.Version, services.GetRequiredService<EndpointStreams>().AfterAsync,
            (fact, place, cancel) => ledgers.DecideAsync(
                LedgerState.Key(fact.State.AccountId), (state, _) => LedgerDecider.Record(state, fact.EndpointId, fact.Fact, fact.EventId), cancel, place));
    }

    /// <summary>Declares the queue.</summary>
    /// <param name="context">The bus's container.</param>
    /// <param name="rabbit">The bus.</param>
    public static void Declare(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit) => rabbit.Queue(context, Queue, queue =>
    {
        queue.ConfigureConsumer<EndpointFacts>(context, consumer =>
            consumer.Message<EndpointChanged>(m => m.UsePartitioner(Partitions, c => c.Message.State.AccountId, Encoding.UTF8)));
    });

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<EndpointChanged> context) =>
        feed.DeliverAsync(context.Message.EndpointId, context.Message, context.CancellationToken);
}
