using System.Collections.Concurrent;
using Hypervize.Contracts;
using MassTransit;

namespace Hypervize.Proxy.Tests;

/// <summary>The real broker, as the services around the proxy use it: they publish changes, and read its reports.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private readonly IBusControl _bus;

    private Broker(IBusControl bus) => _bus = bus;

    public ConcurrentQueue<ProxyReport> Reports { get; } = new();

    public static async Task<Broker> ConnectAsync()
    {
        Broker broker = null!;
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(Servers.Broker);
            rabbit.ReceiveEndpoint($"test-{Guid.NewGuid():N}", queue =>
            {
                (queue.Durable, queue.AutoDelete, queue.Exclusive, queue.ConcurrentMessageLimit) = (false, true, true, 1);
                queue.Handler<ProxyReport>(report =>
                {
                    broker.Reports.Enqueue(report.Message);
                    return Task.CompletedTask;
                });
            });
        });
        broker = new(bus);
        await bus.StartAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        return broker;
    }

    public Task PublishAsync(EndpointChanged message) => _bus.Publish(message);

    public Task PublishAsync(AccountChanged message) => _bus.Publish(message);

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(10));
}
