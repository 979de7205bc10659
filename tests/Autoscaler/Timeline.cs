using Hypervize.Autoscaler.Evaluation;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;

namespace Hypervize.Autoscaler.Tests;

/// <summary>
/// An endpoint, proxies and an autoscaler, second by second: proxies report, the autoscaler evaluates, the endpoint does as it is told,
/// nodes start after their time.
/// </summary>
internal sealed class Timeline
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly List<SimulatedProxy> _proxies = [];
    private readonly Queue<ProxyReport> _onTheWay = new();

    // Each thing that the autoscaler heard, or was asked, and what it said; null where another one began.
    private readonly List<Func<Evaluator, Commands?>?> _recorded = [];
    private readonly int _startSeconds;
    private Evaluator _evaluator;
    private EndpointState _endpoint;
    private TimeSpan _now;
    private TimeSpan _autoscalerStart;
    private long _version = 10;
    private int _nodes;

    public Timeline(int min = 0, int max = 4, int concurrency = 16, int idle = 60, int startSeconds = 0, int? perMinute = null, AutoscalerSettings? settings = null, ScalingTuning? tuning = null)
    {
        Settings = settings ?? RoundNumbers;
        _startSeconds = startSeconds;
        _evaluator = new(Settings, new(TimeProvider.System));
        var chosen = new EndpointSettings("test", "model", "cpu", "simulator", new(min, max, idle, concurrency, perMinute, tuning), 60, EndpointAccess.Private, false);
        _endpoint = new("endpt-1", "acct-1", chosen, EndpointStatus.Up, Noon, 0, _version, [], null, null, [], Noon, chosen);
        Want(Math.Max(1, min), [], startSeconds: 0);
        Proxy = Join("proxy-1");
    }

    /// <summary>Rules are told by numbers that are easy to follow. How the policy is tuned where nobody says otherwise, simulations judge.</summary>
    public static AutoscalerSettings RoundNumbers => new() { TargetUtilisation = 0.7, WindowSeconds = 30, StabilisationSeconds = 60, PanicAt = 2, UpRate = 10, DownRate = 2 };

    public AutoscalerSettings Settings { get; }

    /// <summary>The first proxy.</summary>
    public SimulatedProxy Proxy { get; }

    public IReadOnlyList<string> Nodes => [.. _endpoint.Nodes.Where(n => n.Status != NodeStatus.Draining).Select(n => n.Id)];

    /// <summary>Reasons of what the endpoint did, oldest first.</summary>
    public List<string> Reasons { get; } = [];

    /// <summary>Everything the autoscaler said.</summary>
    public List<object> Said { get; } = [];

    /// <summary>Whether the endpoint hears of commands.</summary>
    public bool CommandsArrive { get; set; } = true;

    public EndpointStatus Status => _endpoint.Status;

    public int Second => (int)_now.TotalSeconds;

    /// <summary>Whether published reports don't arrive for now.</summary>
    public bool HoldsUpReports { get; set; }

    public SimulatedProxy Join(string id)
    {
        var proxy = new SimulatedProxy(id, () => Noon + _now);
        _proxies.Add(proxy);
        return proxy;
    }

    public Timeline Passes(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _now += TimeSpan.FromSeconds(1);
            foreach (var proxy in _proxies)
                foreach (var report in proxy.Due(_endpoint.Id)) _onTheWay.Enqueue(report);
            while (!HoldsUpReports && _onTheWay.Count > 0) DeliversOne();
            Start();
            Evaluate();
        }
        return this;
    }

    /// <summary>The oldest report that was held up arrives.</summary>
    public void DeliversOne() => Deliver(_onTheWay.Dequeue());

    public void Deliver(ProxyReport report)
    {
        var now = _now - _autoscalerStart;
        Record(evaluator =>
        {
            evaluator.Take(report, now);
            return null;
        });
    }

    /// <summary>Gives everything that the autoscaler heard to another one.</summary>
    /// <returns>Everything that one says.</returns>
    public IReadOnlyList<object> Replay()
    {
        var (said, evaluator) = (new List<object>(), new Evaluator(Settings, new(TimeProvider.System)));
        foreach (var recorded in _recorded)
        {
            if (recorded is null) evaluator = new(Settings, new(TimeProvider.System));
            else if (recorded(evaluator) is { } commands) said.AddRange([.. commands.Scale, .. commands.Hibernate]);
        }
        return said;
    }

    /// <summary>The autoscaler is killed, and another one starts.</summary>
    public void RestartAutoscaler()
    {
        _evaluator = new(Settings, new(TimeProvider.System));
        _recorded.Add(null);
        _autoscalerStart = _now;
    }

    /// <summary>It slept and was woken, and its first node is ready.</summary>
    public void WakesUp()
    {
        Change(_endpoint with { Status = EndpointStatus.Up, StatusSince = Noon + _now, Nodes = [] }, decisive: true);
        Want(1, [], startSeconds: 0);
    }

    /// <summary>The owner tunes it otherwise.</summary>
    public void IsTuned(ScalingTuning? own) =>
        Change(_endpoint with { Settings = _endpoint.Settings with { Scaling = _endpoint.Settings.Scaling with { Tuning = own } } }, decisive: false);

    public void Has(int nodes)
    {
        Assert.Equal(EndpointStatus.Up, _endpoint.Status);
        Assert.True(_endpoint.Wanted == nodes, $"After {_now.TotalSeconds} s it has {_endpoint.Wanted} nodes, not {nodes}: {string.Join(" · ", Reasons)}");
    }

    public void Sleeps() => Assert.True(_endpoint.Status == EndpointStatus.Hibernated, $"After {_now.TotalSeconds} s it is {_endpoint.Status}.");

    public void IsAwake() => Assert.True(_endpoint.Status == EndpointStatus.Up, $"After {_now.TotalSeconds} s it is {_endpoint.Status}: {string.Join(" · ", Reasons)}");

    private void Evaluate()
    {
        var endpoints = new Dictionary<string, Heard<EndpointState>> { [_endpoint.Id] = new(_version, _version, _endpoint) };
        var now = _now - _autoscalerStart;
        var commands = Record(evaluator => evaluator.Evaluate(endpoints, now))!;
        foreach (var scale in commands.Scale)
        {
            Said.Add(scale);
            if (!CommandsArrive || scale.DecidedOn < _endpoint.DecisiveVersion) continue;
            Reasons.Add(scale.Reason);
            Want(scale.Wanted, scale.Victims, _startSeconds);
        }
        foreach (var sleep in commands.Hibernate)
        {
            Said.Add(sleep);
            if (!CommandsArrive || sleep.DecidedOn < _endpoint.DecisiveVersion) continue;
            Reasons.Add(sleep.Reason);
            Change(_endpoint with { Status = EndpointStatus.Hibernated, StatusSince = Noon + _now, Wanted = 0, Nodes = [] }, decisive: true);
        }
    }

    private Commands? Record(Func<Evaluator, Commands?> happens)
    {
        _recorded.Add(happens);
        return happens(_evaluator);
    }

    private void Want(int wanted, IReadOnlyList<string> victims, int startSeconds)
    {
        var nodes = _endpoint.Nodes.Select(n => victims.Contains(n.Id) ? n with { Status = NodeStatus.Draining, Since = Noon + _now } : n).ToList();
        while (nodes.Count(n => n.Status != NodeStatus.Draining) < wanted)
            nodes.Add(new($"node-{++_nodes}", startSeconds == 0 ? NodeStatus.Ready : NodeStatus.Starting, null, Noon + _now, _version));
        Change(_endpoint with { Wanted = wanted, Nodes = nodes }, decisive: true);
    }

    private void Start()
    {
        var due = Noon + _now - TimeSpan.FromSeconds(_startSeconds);
        if (_endpoint.Nodes.Any(n => n.Status == NodeStatus.Starting && n.Since <= due))
            Change(_endpoint with { Nodes = [.. _endpoint.Nodes.Select(n => n.Status == NodeStatus.Starting && n.Since <= due ? n with { Status = NodeStatus.Ready } : n)] }, decisive: false);
    }

    private void Change(EndpointState state, bool decisive)
    {
        _version++;
        _endpoint = decisive ? state with { DecisiveVersion = _version } : state;
    }
}
