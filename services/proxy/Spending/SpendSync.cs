using System.Net;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;

namespace Hypervize.Proxy.Spending;

/// <summary>Keeps the table of spending true: a snapshot from billing each time the queue was bound anew, and once a minute.</summary>
/// <param name="table">The table.</param>
/// <param name="clients">Clients of services.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class SpendSync(SpendTable table, IHttpClientFactory clients, TimeProvider time, ILogger<SpendSync> log) : BackgroundService, IReceiveEndpointObserver
{
    private static readonly TimeSpan Heal = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private volatile TaskCompletionSource _bound = new();
    private string? _failure;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var bound = _bound = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var pause = await AskAsync(stoppingToken) ? Heal : Retry;
            await bound.Task.WaitAsync(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public Task Ready(ReceiveEndpointReady ready)
    {
        _bound.TrySetResult();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    private async Task<bool> AskAsync(CancellationToken cancel)
    {
        try
        {
            using var billing = clients.CreateClient(Peers.Billing);
            using var answer = await billing.GetAsync($"internal/spending?knownPosition={table.Position}", cancel);
            answer.EnsureSuccessStatusCode();
            if (answer.StatusCode != HttpStatusCode.NoContent && await answer.Content.ReadFromJsonAsync<SpendSnapshot>(Json.Options, cancel) is { } snapshot)
                table.Apply(snapshot.Accounts, snapshot.Position);
            _failure = null;
            return true;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            if (_failure != e.Message) log.LogWarning("Spend caps are as they were last heard of; billing does not answer: {Reason}", e.Message);
            _failure = e.Message;
            return false;
        }
    }
}
