using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;

namespace Hypervize.Endpoints.Watching;

/// <summary>Reads which endpoints change, and hands their states to who watches them. Reads nothing while nobody does.</summary>
/// <param name="watchers">Who watches.</param>
/// <param name="listener">Tells which streams are appended to.</param>
/// <param name="store">The service's store.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class ChangeReader(Watchers watchers, LogListener listener, IDocumentStore store, TimeProvider time, ILogger<ChangeReader> log) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await watchers.SomeoneAsync(stoppingToken);
                await ReadAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                log.LogWarning("Who watches endpoints hears of nothing now, trying again: {Reason}", e.Message);
                await Task.Delay(Retry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        var listens = false;
        await foreach (var streams in listener.AppendsAsync(stopping))
        {
            // Whoever came before it listened may have looked before a change that it will not tell of.
            if (!listens) watchers.FallBehind();
            listens = true;
            if (watchers.AreNone) return;
            if (streams.Count == 0) continue;
            await using var session = store.QuerySession();
            foreach (var state in await session.LoadManyAsync<Snapshot<EndpointState>>(stopping, streams)) watchers.Tell(state);
        }
    }
}
