using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Spending;
using MassTransit;

namespace Hypervize.Proxy.Routing;

/// <summary>This replica's own queue: it lives as long as the connection, for what was missed meanwhile comes with the next snapshot.</summary>
public static class RoutingQueue
{
    /// <summary>Declares the queue and reads it into the routing table.</summary>
    /// <param name="rabbit">The bus under configuration.</param>
    /// <param name="services">The container.</param>
    public static void RoutingChanges(this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services)
    {
        var (table, limits, spending) = (services.GetRequiredService<RoutingTable>(), services.GetRequiredService<RequestLimiter>(), services.GetRequiredService<SpendTable>());
        rabbit.TemporaryQueue($"{services.GetRequiredService<ProxyInstance>().Id}-routing", queue =>
        {
            queue.ConnectReceiveEndpointObserver(services.GetRequiredService<RoutingSync>());
            queue.ConnectReceiveEndpointObserver(services.GetRequiredService<SpendSync>());
            queue.Handler<EndpointChanged>(message => Apply(() => table.Apply(message.Message)));
            queue.Handler<AccountChanged>(message => Apply(() => table.Apply(message.Message)));
            queue.Handler<SpendChanged>(message => Apply(() => spending.Apply(message.Message)));
            queue.Handler<ProxyReport>(message => Apply(() => limits.Hear(message.Message)));
        });
    }

    private static Task Apply(Action apply)
    {
        apply();
        return Task.CompletedTask;
    }
}
