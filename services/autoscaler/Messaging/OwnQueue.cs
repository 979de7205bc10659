using System.Security.Cryptography;
using Hypervize.Autoscaler.Evaluation;
using Hypervize.Autoscaler.Metrics;
using Hypervize.Autoscaler.Recording;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using MassTransit;

namespace Hypervize.Autoscaler.Messaging;

/// <summary>
/// This replica's own queue of endpoints' changes, and of what proxies and nodes report. What is lost with it is healed: endpoints by the snapshot that is
/// taken once it is bound anew, reports by being missed, for their numbers have a gap.
/// </summary>
public static class OwnQueue
{
    /// <summary>Declares the queue and reads it.</summary>
    /// <param name="rabbit">The bus under configuration.</param>
    /// <param name="services">The container.</param>
    public static void Declare(IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services)
    {
        var (table, evaluator, recorder, recent, clock) = (
            services.GetRequiredService<EndpointTable>(), services.GetRequiredService<Evaluator>(), services.GetRequiredService<TrafficRecorder>(), services.GetRequiredService<RecentTraffic>(),
            services.GetRequiredService<SteadyClock>());
        rabbit.TemporaryQueue($"autoscaler-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}", queue =>
        {
            queue.ConnectReceiveEndpointObserver(services.GetRequiredService<RoutingSync>());
            queue.Handler<EndpointChanged>(message =>
            {
                table.Apply(message.Message);
                return Task.CompletedTask;
            });
            queue.Handler<ProxyReport>(message =>
            {
                var (now, report) = (clock.Now, message.Message);
                var interval = evaluator.Take(report, now);
                if (interval is not null)
                {
                    recorder.Take(report);
                    recent.Take(report, now - interval.To);
                }
                Telemetry.Reports.Add(1, new KeyValuePair<string, object?>("repeated", interval is null));
                return Task.CompletedTask;
            });
            queue.Handler<NodeReport>(message =>
            {
                recorder.Take(message.Message);
                return Task.CompletedTask;
            });
        });
    }
}
