using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>A proxy that reports each second, as far as it can: what it can't publish waits, and the next report covers all the time since.</summary>
internal sealed class SimulatedProxy(string id, Func<DateTimeOffset> trueTime)
{
    private readonly Dictionary<string, int> _atNodes = [];
    private DateTimeOffset _until = trueTime();
    private ProxyReport? _pending;
    private int _waiting;
    private int _started;
    private int _ended;
    private long _sequence;
    private bool _cutOff;
    private bool _leaving;
    private bool _gone;

    /// <summary>How far its clock is ahead.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>As many of its next reports get lost on the way.</summary>
    public int Loses { get; set; }

    /// <summary>Reports it published, lost ones too.</summary>
    public List<ProxyReport> Published { get; } = [];

    /// <summary>How many of them arrived.</summary>
    public int Arrived { get; private set; }

    /// <summary>Has as many requests at a node and waiting, from now on.</summary>
    public void Carries(int inFlight, int waiting = 0, string node = "node-1")
    {
        // As the real meter does: what is there has arrived, and what is not there any more has ended.
        var more = inFlight + waiting - _atNodes.GetValueOrDefault(node) - _waiting;
        _started += Math.Max(0, more);
        _ended += Math.Max(0, -more);
        (_atNodes[node], _waiting) = (inFlight, waiting);
    }

    /// <summary>Short requests come and are gone before the next report.</summary>
    public void Gets(int requests) => (_started, _ended) = (_started + requests, _ended + requests);

    public void IsCutOff() => _cutOff = true;

    public void IsBackAgain() => _cutOff = false;

    public void IsKilled() => _gone = true;

    public void Leaves() => _leaving = true;

    /// <summary>What arrives of it now.</summary>
    public IReadOnlyList<ProxyReport> Due(string endpointId)
    {
        if (_gone) return [];
        var waited = _pending is not null;
        _pending ??= Next(endpointId);
        if (_cutOff) return [];

        ProxyReport[] published = waited ? [_pending, Next(endpointId)] : [_pending];
        _pending = null;
        _gone = _leaving;
        Published.AddRange(published);
        var arriving = published.Where(_ => Loses-- <= 0).ToArray();
        Arrived += arriving.Length;
        return arriving;
    }

    private ProxyReport Next(string endpointId)
    {
        var nodes = _atNodes.Where(n => n.Value > 0).Select(n => new NodeTraffic(n.Key, n.Value)).ToArray();
        var traffic = new EndpointTraffic(endpointId, 1, _started, _ended, 0, nodes.Sum(n => n.InFlight), _waiting, nodes);
        var from = _until;
        (_until, _started, _ended) = (trueTime() + ClockAhead, 0, 0);
        return new(id, ++_sequence, from, _until, _leaving, traffic is { Started: 0, Completed: 0, InFlight: 0, Waiting: 0 } ? [] : [traffic]);
    }
}
