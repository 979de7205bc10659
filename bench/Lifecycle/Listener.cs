using System.Collections.Concurrent;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;

namespace Hypervize.Bench.Lifecycle;

/// <summary>A message and when its consumer's code began to run.</summary>
/// <param name="EventId">Id of the event it was made of.</param>
/// <param name="At">When.</param>
/// <param name="Message">The message.</param>
internal sealed record Arrival(Guid EventId, DateTimeOffset At, EndpointChanged Message);

/// <summary>A consumer like any other replica's: a queue of its own for what endpoints publish.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private IBusControl _bus = null!;

    public IEnumerable<Arrival> Arrivals => _arrivals;

    public static async Task<Listener> StartAsync(string uri, CancellationToken cancel)
    {
        var listener = new Listener();
        listener._bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(uri));
            rabbit.ConfigureJsonSerializerOptions(o =>
            {
                o.AllowOutOfOrderMetadataProperties = true;
                return o;
            });
            rabbit.TemporaryQueue("bench", queue => queue.Handler<EndpointChanged>(context =>
            {
                listener._arrivals.Enqueue(new(context.MessageId!.Value, DateTimeOffset.UtcNow, context.Message));
                listener._arrived.Release();
                return Task.CompletedTask;
            }));
        });
        await listener._bus.StartAsync(cancel);
        return listener;
    }

    /// <summary>Waits for the first message about an endpoint that meets a condition.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="meets">The condition.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<Arrival> FirstAsync(string endpointId, Func<EndpointChanged, bool> meets, CancellationToken cancel)
    {
        while (true)
        {
            if (_arrivals.FirstOrDefault(a => a.Message.EndpointId == endpointId && meets(a.Message)) is { } arrival) return arrival;
            if (!await _arrived.WaitAsync(TimeSpan.FromSeconds(60), cancel)) throw new Cli.Platform.PlatformException($"Nothing was heard of {endpointId} for a minute.");
        }
    }

    public ValueTask DisposeAsync() => new(_bus.StopAsync(TimeSpan.FromSeconds(5)));
}
