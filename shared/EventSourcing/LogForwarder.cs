using System.Diagnostics;
using JasperFx.Events;
using Marten;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Hypervize.EventSourcing;

/// <summary>
/// Publishes every committed event of a service's log, in order per stream, at least once: the log is the outbox. Any number
/// of replicas may run it; one leads.
/// </summary>
/// <param name="store">The service's store.</param>
/// <param name="bus">The bus.</param>
/// <param name="compose">Makes the message of an event; null when the event is nobody else's business.</param>
/// <param name="connectionString">The service's connection string.</param>
/// <param name="role">Name of the leader's lock; one per service.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class LogForwarder(
    IDocumentStore store, IBus bus, MessageComposer compose, string connectionString, string role, TimeProvider time, ILogger<LogForwarder> log)
    : LogLeader(connectionString, role, time, log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Every commit notifies; these only bound what a lost notification costs, and how long a rolled-back number holds the mark.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgainForMissing = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken lost)
    {
        var reader = await LogReader.ResumeAsync(store, lost);
        while (true)
        {
            var page = await reader.ReadAsync(lost);
            await Task.WhenAll(page.GroupBy(e => e.StreamKey!).Select(stream => PublishInOrderAsync(stream, lost)));
            await reader.RememberAsync(lost);
            if (page.Count == 0) await AppendedAsync(reader.Waits ? LookAgainForMissing : LookAgain, lost);
        }
    }

    private async Task PublishInOrderAsync(IEnumerable<IEvent> stream, CancellationToken lost)
    {
        foreach (var e in stream)
        {
            using var activity = TraceHeaders.Source.StartActivity($"forward {e.EventTypeName}", ActivityKind.Producer, TraceHeaders.Read(e));
            if (await compose.ComposeAsync(e, store, lost) is { } message) await PublishAsync(e, message, lost);
        }
    }

    // A publish neither fails nor ends while the broker is away: it is given up and begun anew, under the same message id.
    private async Task PublishAsync(IEvent e, object message, CancellationToken lost)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause ? 2 * pause : LongestPause)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(lost);
            patience.CancelAfter(Patience);
            try
            {
                await bus.Publish(message, message.GetType(), context => context.MessageId = e.Id, patience.Token);
                return;
            }
            catch (Exception failure) when (!lost.IsCancellationRequested)
            {
                log.LogWarning("Event {EventId} of {Stream} waits for the broker: {Reason}", e.Id, e.StreamKey, failure.Message);
                await Task.Delay(pause, Time, lost);
            }
        }
    }
}
