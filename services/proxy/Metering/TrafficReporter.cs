using Hypervize.Proxy.Limits;
using MassTransit;

namespace Hypervize.Proxy.Metering;

/// <summary>Publishes what the meter counted, each second; and, when requests have ended on the way down, a last report that says goodbye.</summary>
/// <param name="reports">The reports.</param>
/// <param name="limits">Divided anew each second, whether or not the broker is there.</param>
/// <param name="bus">The bus.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class TrafficReporter(ReportSequence reports, RequestLimiter limits, IBus bus, TimeProvider time, ILogger<TrafficReporter> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(2);
    private bool _waiting;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            limits.Exchange();
            if (!stoppingToken.IsCancellationRequested) await PublishAsync(leaving: false, Patience, stoppingToken);
        }
        if (reports.Pending is null || await PublishAsync(leaving: false, PatienceAtTheEnd, CancellationToken.None))
            await PublishAsync(leaving: true, PatienceAtTheEnd, CancellationToken.None);
    }

    /// <inheritdoc/>
    // Not bound to the time left for the way down: the requests may have used it up.
    public override Task StopAsync(CancellationToken cancellationToken) => base.StopAsync(CancellationToken.None);

    private async Task<bool> PublishAsync(bool leaving, TimeSpan patience, CancellationToken cancel)
    {
        var report = reports.Due(leaving);
        // Publishing waits for a broker that is away, for as long as it is let.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            await bus.Publish(report, limit.Token);
            reports.Published();
            _waiting = false;
            return true;
        }
        catch (Exception e)
        {
            if (!_waiting) log.LogWarning("Report {Sequence} waits for the broker: {Reason}", report.Sequence, e.Message);
            _waiting = true;
            return false;
        }
    }
}
