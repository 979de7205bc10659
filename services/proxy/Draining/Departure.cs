using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.FrontDoor;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Waking;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Hypervize.Proxy.Draining;

/// <summary>
/// The way out. It lingers, so that whoever sends requests here learns that they go elsewhere; then it takes no more connections, and serves those it has
/// until nothing was under way for a while: the server, which closes connections without asking what is on its way to them, then finds them silent. What
/// takes too long is told so, and so is what comes after it on connections that the answer left open. What would never end, and begins anew elsewhere, is not waited for.
/// </summary>
/// <param name="settings">How long.</param>
/// <param name="listeners">Where connections come in.</param>
/// <param name="meter">Knows what is under way.</param>
/// <param name="nodes">Connections to nodes, which are cut in the end.</param>
/// <param name="gates">Requests in line, which are turned away in the end, as are those that come later.</param>
/// <param name="services">Requests that services are answering; their streams end as soon as others would not be led here again.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class Departure(
    DrainSettings settings, Listeners listeners, TrafficMeter meter, NodePools nodes, Gates gates, OpenRequests services, TimeProvider time, ILogger<Departure> log) : IHostedLifecycleService
{
    /// <summary>What is cut is told to its client, which takes it a moment to hear, and perhaps to send another request.</summary>
    internal static readonly TimeSpan ForLastWords = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private volatile bool _isLeaving;

    /// <summary>Whether it was told to stop.</summary>
    public bool IsLeaving => _isLeaving;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isLeaving = true;
        log.LogInformation("Leaving: new requests are taken for {Linger} s more, running ones have {Finish} s to end.", settings.LingerSeconds, settings.FinishSeconds);
        var linger = TimeSpan.FromSeconds(settings.LingerSeconds);
        var silent = linger > 2 * Look ? linger : 2 * Look;
        await WhileAsync((elapsed, _) => elapsed < linger);
        await listeners.CloseAsync(time);
        services.Leave();
        // Silence counts from here: whoever connected last has sent nothing yet.
        var ended = EndAtDeadlineAsync();
        await WhileAsync((_, quiet) => quiet < silent && !ended.IsCompleted);
        if (ended.IsCompleted) await WhileAsync((elapsed, quiet) => quiet < silent && elapsed < ForLastWords);
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

    // Waits for as long as it is told by the time that has passed and the time for which nothing was under way.
    private async Task WhileAsync(Func<TimeSpan, TimeSpan, bool> goesOn)
    {
        var began = time.GetTimestamp();
        for (var busyAt = began; goesOn(time.GetElapsedTime(began), time.GetElapsedTime(busyAt));)
        {
            if (meter.IsBusy) busyAt = time.GetTimestamp();
            await Task.Delay(Look, time);
        }
    }

    // Also what the server still waits for by then, after all else was silent.
    private async Task EndAtDeadlineAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(settings.FinishSeconds), time);
        gates.Close(InferenceError.Leaving);
        nodes.Cut();
    }
}

/// <summary>Registers how the proxy leaves.</summary>
public static class DepartureRegistration
{
    /// <summary>Registers it; its health check is <c>leaving</c>.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddDeparture(this IServiceCollection services)
    {
        services.AddSingleton<Listeners>().AddSingleton<Departure>().AddHostedService(p => p.GetRequiredService<Departure>());
        services.AddOptions<SocketTransportOptions>().PostConfigure<Listeners>((sockets, listeners) =>
        {
            var create = sockets.CreateBoundListenSocket;
            sockets.CreateBoundListenSocket = endpoint => listeners.Add(create(endpoint));
        });
        services.AddSingleton<IConfigureOptions<HostOptions>>(p => new ConfigureOptions<HostOptions>(o =>
        {
            var settings = p.GetRequiredService<DrainSettings>();
            o.ShutdownTimeout = TimeSpan.FromSeconds(settings.LingerSeconds + settings.FinishSeconds) + 2 * Departure.ForLastWords;
        }));
        services.AddHealthChecks().AddCheck<LeavingCheck>("leaving");
    }

    private sealed class LeavingCheck(Departure departure) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            departure.IsLeaving ? HealthCheckResult.Unhealthy("It was told to stop; send requests elsewhere.") : HealthCheckResult.Healthy());
    }
}
