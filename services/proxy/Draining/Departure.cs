using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Waking;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Hypervize.Proxy.Draining;

/// <summary>
/// The way out: lingers, so that whoever sends requests here learns that they go elsewhere; then the server stops accepting, the requests under way
/// finish, and the last report says goodbye. Those that take too long are told so.
/// </summary>
/// <param name="settings">How long.</param>
/// <param name="nodes">Connections to nodes, which are cut in the end.</param>
/// <param name="gates">Requests in line, which are turned away in the end.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class Departure(DrainSettings settings, NodePools nodes, Gates gates, TimeProvider time, ILogger<Departure> log) : IHostedLifecycleService
{
    private volatile bool _isLeaving;

    /// <summary>Whether it was told to stop.</summary>
    public bool IsLeaving => _isLeaving;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isLeaving = true;
        log.LogInformation("Leaving: new requests are taken for {Linger} s more, running ones have {Finish} s to end.", settings.LingerSeconds, settings.FinishSeconds);
        await Task.Delay(TimeSpan.FromSeconds(settings.LingerSeconds), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = EndAtDeadlineAsync();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task EndAtDeadlineAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(settings.FinishSeconds), time);
        nodes.Cut();
        gates.TurnAway(InferenceError.Leaving);
    }
}

/// <summary>Registers how the proxy leaves.</summary>
public static class DepartureRegistration
{
    // What is cut is told to its client, which takes it a moment to hear.
    private static readonly TimeSpan ForLastWords = TimeSpan.FromSeconds(3);

    /// <summary>Registers it; its health check is <c>leaving</c>.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddDeparture(this IServiceCollection services)
    {
        services.AddSingleton<Departure>().AddHostedService(p => p.GetRequiredService<Departure>());
        services.AddSingleton<IConfigureOptions<HostOptions>>(p => new ConfigureOptions<HostOptions>(o =>
        {
            var settings = p.GetRequiredService<DrainSettings>();
            o.ShutdownTimeout = TimeSpan.FromSeconds(settings.LingerSeconds + settings.FinishSeconds) + ForLastWords;
        }));
        services.AddHealthChecks().AddCheck<LeavingCheck>("leaving");
    }

    private sealed class LeavingCheck(Departure departure) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            departure.IsLeaving ? HealthCheckResult.Unhealthy("It was told to stop; send requests elsewhere.") : HealthCheckResult.Healthy());
    }
}
