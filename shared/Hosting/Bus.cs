using System.ComponentModel.DataAnnotations;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ValidationResult = System.ComponentModel.DataAnnotations.ValidationResult;

namespace Hypervize.Hosting;

/// <summary>Where the broker is.</summary>
public sealed class BusSettings : IValidatableObject
{
    /// <summary>AMQP URI with user, password and virtual host: <c>amqp://user:password@host:port/vhost</c>.</summary>
    [Required] public string Uri { get; set; } = "";

    /// <summary>Whether queues are quorum queues: true where the broker is a cluster.</summary>
    public bool QuorumQueues { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
            yield return new("Give an AMQP URI such as amqp://user:password@localhost:5672/", [nameof(Uri)]);
    }
}

/// <summary>The bus as all services use it.</summary>
public static class Bus
{
    /// <summary>Connects to the broker.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="consumers">Adds consumers.</param>
    /// <param name="queues">Declares the queues they read.</param>
    /// <param name="waitUntilStarted">
    /// Whether the service starts only when the broker answers and its queues are declared: what is published before is lost to it.
    /// </param>
    public static void AddBus(
        this WebApplicationBuilder builder, Settings settings, Action<IBusRegistrationConfigurator> consumers,
        Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> queues, bool waitUntilStarted = true)
    {
        var bus = settings.Read<BusSettings>("Bus");
        builder.Services.Configure<MassTransitHostOptions>(o => (o.WaitUntilStarted, o.StopTimeout) = (waitUntilStarted, TimeSpan.FromSeconds(5)));
        builder.Services.AddSingleton<ErrorQueues>();
        builder.Services.AddBusHealth();
        builder.Services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            consumers(x);
            x.UsingRabbitMq((context, rabbit) =>
            {
                // A connection whose other end vanished without a word is noticed after two of these.
                rabbit.Host(new Uri(bus.Uri), h => h.Heartbeat(TimeSpan.FromSeconds(10)));
                rabbit.ConfigureJsonSerializerOptions(o =>
                {
                    o.AllowOutOfOrderMetadataProperties = true;
                    return o;
                });
                queues(context, rabbit);
            });
        });
    }

    /// <summary>
    /// A durable queue of this service. A message that fails is tried again for some seconds, then moved to the queue's error queue,
    /// which an operator can list and replay.
    /// </summary>
    /// <param name="rabbit">The bus under configuration.</param>
    /// <param name="context">Its container.</param>
    /// <param name="name">Queue name, <c>service-purpose</c>; its error queue is <c>name_error</c>.</param>
    /// <param name="configure">Consumers and what else belongs to the queue.</param>
    public static void Queue(
        this IRabbitMqBusFactoryConfigurator rabbit, IBusRegistrationContext context, string name, Action<IRabbitMqReceiveEndpointConfigurator> configure)
    {
        var settings = context.GetRequiredService<BusSettings>();
        context.GetRequiredService<ErrorQueues>().Add(name);
        rabbit.ReceiveEndpoint(name, queue =>
        {
            if (settings.QuorumQueues) queue.SetQuorumQueue();
            queue.UseMessageRetry(r => r.Exponential(8, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100)));
            configure(queue);
        });
    }

    /// <summary>
    /// A queue of this replica alone, which lives as long as its connection. What was published before it was bound, and what fails, is
    /// lost to it: for messages that are healed by a later one or by a snapshot.
    /// </summary>
    /// <param name="rabbit">The bus under configuration.</param>
    /// <param name="name">Queue name, unique to this run of the replica.</param>
    /// <param name="configure">Handlers and what else belongs to the queue. They run one at a time, in the order of arrival.</param>
    public static void TemporaryQueue(
        this IRabbitMqBusFactoryConfigurator rabbit, string name, Action<IRabbitMqReceiveEndpointConfigurator> configure) =>
        rabbit.ReceiveEndpoint(name, queue =>
        {
            (queue.Durable, queue.AutoDelete, queue.Exclusive) = (false, true, true);
            (queue.PrefetchCount, queue.ConcurrentMessageLimit) = (200, 1);
            queue.DiscardFaultedMessages();
            queue.DiscardSkippedMessages();
            configure(queue);
        });
}
