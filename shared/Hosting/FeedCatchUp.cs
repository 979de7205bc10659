using System.Net.Http.Json;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypervize.Hosting;

/// <summary>
/// Heals what the bus lost: at start, and every half minute, compares how far the owner's streams have come with what was read,
/// and fetches the rest.
/// </summary>
/// <typeparam name="TFact">The message that carries a fact.</typeparam>
/// <param name="feed">The feed that reads them.</param>
/// <param name="owner">Client of the owner.</param>
/// <param name="versionsPath">The owner's route that answers <see cref="StreamVersion"/>s.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class FeedCatchUp<TFact>(
    FactFeed<TFact> feed, Func<HttpClient> owner, string versionsPath, TimeProvider time, ILogger<FeedCatchUp<TFact>> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? failure = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                using var client = owner();
                var versions = await client.GetFromJsonAsync<IReadOnlyList<StreamVersion>>(versionsPath, Json.Options, stoppingToken) ?? [];
                foreach (var behind in await feed.BehindAsync([.. versions.Select(v => (v.Id, v.Version))], stoppingToken))
                    await feed.CatchUpAsync(behind.Stream, behind.Version, stoppingToken);
                failure = null;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (e.Message != failure) log.LogInformation("Could not compare with {Path}, trying again: {Reason}", versionsPath, e.Message);
                (failure, pause) = (e.Message, RetryAfter);
            }
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Registers <see cref="FeedCatchUp{TFact}"/>.</summary>
public static class FeedCatchUpRegistration
{
    /// <summary>Catches up with an owner's streams.</summary>
    /// <typeparam name="TFact">The message that carries a fact; its feed must be registered.</typeparam>
    /// <param name="services">The service's container.</param>
    /// <param name="client">Name of the client of the owner.</param>
    /// <param name="versionsPath">The owner's route that answers <see cref="StreamVersion"/>s.</param>
    public static IServiceCollection AddFeedCatchUp<TFact>(this IServiceCollection services, string client, string versionsPath) =>
        services.AddHostedService(p => new FeedCatchUp<TFact>(
            p.GetRequiredService<FactFeed<TFact>>(), () => p.GetRequiredService<IHttpClientFactory>().CreateClient(client), versionsPath,
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<FeedCatchUp<TFact>>>()));
}
