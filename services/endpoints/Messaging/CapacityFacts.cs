using System.ComponentModel.DataAnnotations;
using System.Text;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using Marten;
using MassTransit;
using IMediator = Mediator.IMediator;

namespace Hypervize.Endpoints.Messaging;

/// <summary>Where the other services are.</summary>
public sealed class PeerSettings
{
    /// <summary>Base address of the provisioner.</summary>
    [Required] public Uri? Provisioner { get; set; }
}

/// <summary>Records what the provisioner reports about nodes, every fact once and in order.</summary>
public sealed class CapacityFacts(FactFeed<CapacityChanged> feed) : IConsumer<CapacityChanged>
{
    /// <summary>Name of the client of the provisioner.</summary>
    public const string ClientName = "provisioner";

    /// <summary>Route by which the provisioner tells how far its streams have come.</summary>
    public const string VersionsPath = "internal/capacity/versions";

    private const int Partitions = 16;

    /// <summary>The feed behind the queue.</summary>
    /// <param name="services">The service's container.</param>
    public static FactFeed<CapacityChanged> Feed(IServiceProvider services)
    {
        var clients = services.GetRequiredService<IHttpClientFactory>();
        var mediator = services.GetRequiredService<IMediator>();
        return new(
            services.GetRequiredService<IDocumentStore>(), message => message.Version,
            async (endpointId, after, cancel) =>
            {
                using var provisioner = clients.CreateClient(ClientName);
                return await provisioner.GetFromJsonAsync<IReadOnlyList<CapacityChanged>>($"internal/capacity/{endpointId}/events?after={after}", Json.Options, cancel) ?? [];
            },
            (message, place, cancel) => mediator.Send(new EndpointRequest(message.EndpointId, new RecordFact(message.Fact), Fact: place), cancel).AsTask());
    }

    /// <summary>Declares the queue.</summary>
    /// <param name="context">The bus's container.</param>
    /// <param name="rabbit">The bus.</param>
    public static void Declare(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit) => rabbit.Queue(context, "endpoints-capacity", queue =>
        queue.ConfigureConsumer<CapacityFacts>(context, consumer =>
            consumer.Message<CapacityChanged>(m => m.UsePartitioner(Partitions, c => c.Message.EndpointId, Encoding.UTF8))));

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<CapacityChanged> context) =>
        feed.DeliverAsync(context.Message.EndpointId, context.Message, context.CancellationToken);
}
