using Hypervize.Contracts;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Reconciling;
using MassTransit;

namespace Hypervize.Provisioner.Messaging;

/// <summary>
/// Hears what every proxy says each second, by a queue of this replica's own that lives as long as its connection; and what any
/// replica appends to capacity streams, so that the one that leads looks at it at once.
/// </summary>
/// <param name="due">Told which endpoints to look at.</param>
/// <param name="time">Time.</param>
public sealed class ProxyReports(DueEndpoints due, TimeProvider time) : IReceiveEndpointObserver
{
    private ProxyView _view = ProxyView.Deaf;

    /// <summary>What proxies said last.</summary>
    public ProxyView View => Volatile.Read(ref _view);

    /// <summary>Declares the queue.</summary>
    /// <param name="rabbit">The bus.</param>
    /// <param name="services">The container.</param>
    public static void Declare(IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services)
    {
        var reports = services.GetRequiredService<ProxyReports>();
        rabbit.ReceiveEndpoint($"provisioner-{Guid.NewGuid():n}-reports", queue =>
        {
            (queue.Durable, queue.AutoDelete, queue.Exclusive) = (false, true, true);
            queue.PrefetchCount = 200;
            queue.ConcurrentMessageLimit = 1;
            queue.DiscardFaultedMessages();
            queue.DiscardSkippedMessages();
            queue.ConnectReceiveEndpointObserver(reports);
            queue.Handler<ProxyReport>(context => reports.Hear(context.Message));
            queue.Handler<CapacityChanged>(context => reports.Hear(context.Message));
        });
    }

    /// <inheritdoc/>
    public Task Ready(ReceiveEndpointReady ready) => Change(v => v.Listening(time.GetUtcNow()));

    /// <inheritdoc/>
    public Task Faulted(ReceiveEndpointFaulted faulted) => Change(_ => ProxyView.Deaf);

    /// <inheritdoc/>
    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Completed(ReceiveEndpointCompleted completed) => Change(_ => ProxyView.Deaf);

    private Task Hear(ProxyReport report)
    {
        foreach (var endpoint in report.Endpoints.Where(e => e.Nodes.Any(n => n.InFlight == 0))) due.Mark(endpoint.EndpointId); // A draining node is let go of.
        return Change(v => v.Hear(report, time.GetUtcNow()));
    }

    private Task Hear(CapacityChanged change)
    {
        if (change.Fact is CapacityAsked) due.Mark(change.EndpointId);
        return Task.CompletedTask;
    }

    private Task Change(Func<ProxyView, ProxyView> change)
    {
        ProxyView before;
        do before = Volatile.Read(ref _view);
        while (Interlocked.CompareExchange(ref _view, change(before), before) != before);
        return Task.CompletedTask;
    }
}
