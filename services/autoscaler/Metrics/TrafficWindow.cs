using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Metrics;

/// <summary>The recent traffic of one endpoint, at all proxies.</summary>
public sealed class TrafficWindow
{
    private readonly Queue<Sample> _samples = new();

    /// <summary>When the last report came that showed a request, or one at a node, or one waiting.</summary>
    public TimeSpan BusyAt { get; private set; }

    /// <summary>Takes in what a proxy reports of this endpoint. A report that shows no request need not be taken in.</summary>
    /// <param name="interval">The report's interval.</param>
    /// <param name="traffic">The traffic.</param>
    /// <param name="now">When it arrived.</param>
    public void Add(Interval interval, EndpointTraffic traffic, TimeSpan now)
    {
        BusyAt = now;
        _samples.Enqueue(new(interval, traffic));
    }

    /// <summary>Lets go of samples that ended before a moment.</summary>
    /// <param name="moment">The moment.</param>
    public void Forget(TimeSpan moment)
    {
        if (_samples.Count == 0) return;
        while (_samples.TryPeek(out var oldest) && oldest.Interval.To < moment) _samples.Dequeue();
        if (_samples.Count == 0) _samples.TrimExcess();
    }

    /// <summary>
    /// What was asked for, averaged over a window and added up over proxies. Each proxy's window ends with its last reported moment; that of a silent one ends
    /// now, so that what it had fades: nobody knows what it has.
    /// </summary>
    /// <param name="window">The window.</param>
    /// <param name="notBefore">What was before this moment does not count.</param>
    /// <param name="draining">Nodes that drain: their requests are nothing that other nodes will have to carry.</param>
    /// <param name="coverage">Tells which proxies are silent.</param>
    /// <param name="now">Now.</param>
    public Load Average(TimeSpan window, TimeSpan notBefore, IReadOnlyCollection<string> draining, Coverage coverage, TimeSpan now)
    {
        var (atOnce, started) = (0d, 0d);
        foreach (var (interval, traffic) in _samples)
        {
            var end = coverage.IsCurrent(interval.Proxy, now) ? interval.Proxy.Until : now;
            var from = Later(Later(end - window, notBefore), interval.From);
            var time = (interval.To < end ? interval.To : end) - from;
            if (time <= TimeSpan.Zero) continue;
            atOnce += Concurrency(traffic, draining) * (time / window);
            started += traffic.Started * (time / (interval.To - interval.From));
        }
        return new(atOnce, started / window.TotalMinutes);
    }

    /// <summary>Requests at a node, by the last report of each proxy.</summary>
    /// <param name="nodeId">The node.</param>
    public int InFlight(string nodeId) =>
        _samples.Where(s => s.Interval.To == s.Interval.Proxy.Until).Sum(s => At(s.Traffic, nodeId));

    private static int Concurrency(EndpointTraffic traffic, IReadOnlyCollection<string> draining)
    {
        var concurrency = traffic.InFlight + traffic.Waiting;
        foreach (var node in draining) concurrency -= At(traffic, node);
        return concurrency;
    }

    private static int At(EndpointTraffic traffic, string nodeId)
    {
        foreach (var node in traffic.Nodes)
            if (node.NodeId == nodeId) return node.InFlight;
        return 0;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private readonly record struct Sample(Interval Interval, EndpointTraffic Traffic);
}
