using System.Diagnostics;
using Hypervize.Autoscaler;
using Hypervize.Autoscaler.Evaluation;
using Hypervize.Autoscaler.History;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Bench.Autoscaler;

/// <summary>An autoscaler of many endpoints, all of them up and called by way of two proxies, which it evaluates once a second.</summary>
internal sealed class Evaluations
{
    private const int Concurrency = 16;

    // Longer than the window and the stabilisation, so that everything is known that is ever known.
    private const int WarmUpSeconds = 70;
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Evaluator _evaluator = new(new AutoscalerSettings(), new Verdicts(TimeProvider.System));
    private readonly Dictionary<string, Heard<EndpointState>> _endpoints;
    private readonly Random _random = new(1);
    private int _second;

    public Evaluations(int count)
    {
        _endpoints = Enumerable.Range(0, count).Select(Endpoint).ToDictionary(e => e.Id, e => new Heard<EndpointState>(1, 1, e), StringComparer.Ordinal);
        for (var second = 0; second < WarmUpSeconds; second++) Second();
    }

    /// <summary>One second: reports come, and all endpoints are evaluated.</summary>
    /// <returns>What the evaluation took, milliseconds.</returns>
    public double Second()
    {
        _second++;
        var now = TimeSpan.FromSeconds(_second);
        foreach (var proxy in (string[])["proxy-1", "proxy-2"])
            _evaluator.Take(new(proxy, _second, Noon + now - TimeSpan.FromSeconds(1), Noon + now, false, [.. _endpoints.Keys.Select(Traffic)]), now);
        var began = Stopwatch.GetTimestamp();
        _evaluator.Evaluate(_endpoints, now);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private EndpointTraffic Traffic(string id)
    {
        var inFlight = _random.Next(4, Concurrency / 2);
        return new(id, 1, inFlight, inFlight, 0, inFlight, 0, [new($"{id}-node", inFlight)]);
    }

    private static EndpointState Endpoint(int number)
    {
        var id = $"endpt-{number:x12}";
        var settings = new EndpointSettings("bench", "model", "cpu", "simulator", new(0, 4, 300, Concurrency), 60, EndpointAccess.Private, false);
        return new(id, "acct-000000000001", settings, EndpointStatus.Up, Noon, 1, 1, [new($"{id}-node", NodeStatus.Ready, "http://localhost:1", Noon, 1)], null, null, [], Noon, settings);
    }
}
