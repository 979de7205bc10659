using System.Runtime.InteropServices;
using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Metrics;

/// <summary>The recent traffic of one endpoint, at all proxies.</summary>
public sealed class TrafficWindow
{
    // Oldest first, from the first that counts.
    private readonly List<Sample> _samples = [];
    private int _first;

    /// <summary>When the last report came that showed a request, or one at a node, or one waiting.</summary>
    public TimeSpan BusyAt { get; private set; }

    /// <summary>Takes in what a proxy reports of this endpoint. A report that shows no request need not be taken in.</summary>
    /// <param name="interval">The report's interval.</param>
    /// <param name="traffic">The traffic.</param>
    /// <param name="now">When it arrived.</param>
    public void Add(Interval interval, EndpointTraffic traffic, TimeSpan now)
    {
        BusyAt = now;
        _samples.Add(new(interval, traffic.InFlight + traffic.Waiting, traffic.Started, traffic.Nodes));
    }

    /// <summary>Lets go of samples that ended before a moment.</summary>
    /// <param name="moment">The moment.</param>
    public void Forget(TimeSpan moment)
    {
        if (_samples.Count == 0) return;
        while (_first < _samples.Count && _samples[_first].Interval.To < moment) _first++;
        // Not each time: what is behind it is moved.
        if (_first <= _samples.Count / 2) return;
        _samples.RemoveRange(0, _first);
        _first = 0;
        if (_samples.Count == 0) _samples.TrimExcess();
    }

    /// <summary>
    /// What was asked for, averaged over a window and over a shorter one, and added up over proxies. Each proxy's window ends with its last reported moment; that
    /// of a silent one ends now, so that what it had fades: nobody knows what it has.
    /// </summary>
    /// <param name="window">The window.</param>
    /// <param name="shorter">The shorter one.</param>
    /// <param name="notBefore">What was before this moment does not count.</param>
    /// <param name="draining">Nodes that drain: their requests are nothing that other nodes will have to carry.</param>
    /// <param name="coverage">Tells which proxies are silent.</param>
    /// <param name="now">Now.</param>
    public (Load Window, Load Shorter) Average(TimeSpan window, TimeSpan shorter, TimeSpan notBefore, IReadOnlyList<string> draining, Coverage coverage, TimeSpan now)
    {
        var (whole, part) = (new Sum(), new Sum());
        foreach (ref readonly var sample in CollectionsMarshal.AsSpan(_samples)[_first..])
        {
            var interval = sample.Interval;
            var end = coverage.IsCurrent(interval.Proxy, now) ? interval.Proxy.Until : now;
            var (from, to) = (Later(notBefore, interval.From), interval.To < end ? interval.To : end);
            if (to <= from || to <= end - window) continue;
            var atOnce = sample.AtOnce;
            foreach (var node in draining) atOnce -= At(sample.Nodes, node);
            whole.Add(to - Later(from, end - window), interval, atOnce, sample.Started);
            if (to > end - shorter) part.Add(to - Later(from, end - shorter), interval, atOnce, sample.Started);
        }
        return (whole.Over(window), part.Over(shorter));
    }

    /// <summary>Requests at a node, by the last report of each proxy.</summary>
    /// <param name="nodeId">The node.</param>
    public int InFlight(string nodeId) =>
        _samples.Skip(_first).Where(s => s.Interval.To == s.Interval.Proxy.Until).Sum(s => At(s.Nodes, nodeId));

    private static int At(IReadOnlyList<NodeTraffic> nodes, string nodeId)
    {
        foreach (var node in nodes)
            if (node.NodeId == nodeId) return node.InFlight;
        return 0;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private readonly record struct Sample(Interval Interval, int AtOnce, int Started, IReadOnlyList<NodeTraffic> Nodes);

    // Time at which so many requests were there, and requests that came in it.
    private struct Sum
    {
        private double _requestTicks, _started;

        public void Add(TimeSpan time, Interval interval, int atOnce, int started)
        {
            _requestTicks += (double)atOnce * time.Ticks;
            if (started > 0) _started += started * ((double)time.Ticks / (interval.To - interval.From).Ticks);
        }

        public readonly Load Over(TimeSpan window) => new(_requestTicks / window.Ticks, _started / window.TotalMinutes);
    }
}
