using System.Text;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Reconciling;
using MassTransit;

namespace Hypervize.Provisioner.Messaging;

/// <summary>Hears of endpoints, and takes the newest state of each.</summary>
public sealed class EndpointChanges(EndpointAsks asks) : IConsumer<EndpointChanged>
{
    private const int Partitions = 16;

    /// <summary>Declares the queue.</summary>
    /// <param name="context">The bus's container.</param>
    /// <param name="rabbit">The bus.</param>
    public static void Declare(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit) => rabbit.Queue(context, "provisioner-endpoints", queue =>
    {
        // One replica at a time, and one message of an endpoint at a time: else an older state could overtake a newer one.
        queue.SingleActiveConsumer = true;
        queue.ConnectReceiveEndpointObserver(new Bound(context.GetRequiredService<EndpointsLook>()));
        queue.ConfigureConsumer<EndpointChanges>(context, consumer =>
            consumer.Message<EndpointChanged>(m => m.UsePartitioner(Partitions, c => c.Message.EndpointId, Encoding.UTF8)));
    });

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<EndpointChanged> context) => asks.TakeAsync(context.Message.Version, context.Message.State, context.CancellationToken);

    private sealed class Bound(EndpointsLook look) : IReceiveEndpointObserver
    {
        public Task Ready(ReceiveEndpointReady ready)
        {
            look.LookNow();
            return Task.CompletedTask;
        }

        public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

        public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

        public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
    }
}
