using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using MassTransit;
using IMediator = Mediator.IMediator;

namespace Hypervize.Endpoints.Messaging;

/// <summary>Takes the autoscaler's commands. A refused one is worth a line: the autoscaler decides again on the newer state.</summary>
public sealed class AutoscalerCommands(IMediator mediator, ILogger<AutoscalerCommands> log) : IConsumer<ScaleEndpoint>, IConsumer<HibernateEndpoint>
{
    private const string By = "autoscaler";

    /// <summary>Declares the queue.</summary>
    /// <param name="context">The bus's container.</param>
    /// <param name="rabbit">The bus.</param>
    public static void Declare(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit) =>
        rabbit.Queue(context, "endpoints-commands", queue => queue.ConfigureConsumer<AutoscalerCommands>(context));

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<ScaleEndpoint> context)
    {
        var asked = context.Message;
        return SendAsync(asked.EndpointId, new Scale(asked.Wanted, asked.Victims, asked.Reason, By, asked.DecidedOn), context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<HibernateEndpoint> context) =>
        SendAsync(context.Message.EndpointId, new Hibernate(context.Message.Reason, By, context.Message.DecidedOn), context.CancellationToken);

    private async Task SendAsync(string endpointId, EndpointCommand command, CancellationToken cancel)
    {
        Outcome<EndpointState> outcome = await mediator.Send(new EndpointRequest(endpointId, command), cancel);
        if (outcome.Refusal is { } refusal) log.LogInformation("{Endpoint} refused {Command}: {Code}", endpointId, command.GetType().Name, refusal.Code);
    }
}
