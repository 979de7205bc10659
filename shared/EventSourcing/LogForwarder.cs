using System.Diagnostics;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Hypervize.EventSourcing;

/// <summary>
/// Publishes every committed event of a service's log, in order per stream, at least once: the log is the outbox. Any number
/// of replicas may run it; one leads.
/// </summary>
/// <param name="store">The service's store.</param>
/// <param name="connectionString">The service's connection string.</param>
/// <param name="role">Name of the leader's lock; one per service.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class LogForwarder(
    IDocumentStore store, string connectionString, string role, TimeProvider time, ILogger<LogForwarder> log)
    : LogLeader(connectionString, role, time, log)
{
    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken lost)
    {
        using var daemon = await store.BuildProjectionDaemonAsync(logger: log);
        await daemon.StartAllAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await daemon.StopAllAsync();
    }
}

/// <summary>Makes messages of stored events and publishes them: the streams of a page side by side, each stream in order.</summary>
/// <param name="bus">The bus.</param>
/// <param name="compose">Makes the message of an event; null when the event is nobody else's business.</param>
/// <param name="log">Log.</param>
public sealed class LogSubscription(IBus bus, MessageComposer compose, ILogger<LogSubscription> log) : SubscriptionBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        await Task.WhenAll(page.Events.GroupBy(e => e.StreamKey!).Select(stream => PublishInOrderAsync(stream, operations, cancellationToken)));
        return NullChangeListener.Instance;
    }

    private async Task PublishInOrderAsync(IEnumerable<IEvent> stream, IDocumentOperations operations, CancellationToken cancel)
    {
        foreach (var e in stream)
        {
            using var activity = TraceHeaders.Source.StartActivity($"forward {e.EventTypeName}", ActivityKind.Producer, TraceHeaders.Read(e));
            if (await compose.ComposeAsync(e, operations, cancel) is { } message) await PublishAsync(e, message, cancel);
        }
    }

    // An exception here would pause the whole log for seconds, so a broker that is away is waited for.
    private async Task PublishAsync(IEvent e, object message, CancellationToken cancel)
    {
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            try
            {
                await bus.Publish(message, message.GetType(), context => context.MessageId = e.Id, patience.Token);
                return;
            }
            catch (Exception failure) when (!cancel.IsCancellationRequested)
            {
                log.LogWarning("Event {EventId} of {Stream} waits for the broker: {Reason}", e.Id, e.StreamKey, failure.Message);
                await Task.Delay(100, cancel);
            }
        }
    }
}
