using System.Diagnostics;
using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Metrics;
using Hypervize.Autoscaler.Recording;
using MassTransit;

namespace Hypervize.Autoscaler.Evaluation;

/// <summary>Evaluates all endpoints each second, publishes what should be done, and tells those who keep traffic that a second has passed.</summary>
/// <param name="evaluator">The evaluator.</param>
/// <param name="table">The endpoints.</param>
/// <param name="recorder">The recorder.</param>
/// <param name="recent">Recent traffic.</param>
/// <param name="clock">Steady time.</param>
/// <param name="bus">The bus.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class EvaluationLoop(
    Evaluator evaluator, EndpointTable table, TrafficRecorder recorder, RecentTraffic recent, SteadyClock clock, IBus bus, TimeProvider time, ILogger<EvaluationLoop> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var start = clock.Now;
            var commands = evaluator.Evaluate(table.Endpoints, start);
            Telemetry.Evaluation.Record((clock.Now - start).TotalSeconds);
            var isKnown = evaluator.Knowledge(start).IsWhole;
            recorder.Turn(table.Endpoints, isKnown);
            recent.Turn(table.Endpoints, isKnown);
            await PublishAsync(commands, stoppingToken);
        }
    }

    private async Task PublishAsync(Commands commands, CancellationToken cancel)
    {
        // Publishing waits for a broker that is away; what is not said now is decided again later.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await Task.WhenAll([
                .. commands.Scale.Select(c => PublishAsync(c, "scale", c.EndpointId, c.Reason, limit.Token)),
                .. commands.Hibernate.Select(c => PublishAsync(c, "hibernate", c.EndpointId, c.Reason, limit.Token))]);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            log.LogWarning("Not all commands could be published; they are decided again: {Reason}", e.Message);
        }
    }

    private async Task PublishAsync<T>(T command, string kind, string endpointId, string reason, CancellationToken cancel) where T : class
    {
        using var activity = Telemetry.Source.StartActivity($"{kind} endpoint", ActivityKind.Internal);
        activity?.SetTag("hypervize.endpoint", endpointId).SetTag("hypervize.reason", reason);
        await bus.Publish(command, cancel);
        Telemetry.CommandsPublished.Add(1, new KeyValuePair<string, object?>("kind", kind));
        log.LogInformation("{Endpoint}: {Kind}: {Reason}", endpointId, kind, reason);
    }
}
