using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests.Limits;

/// <summary>A proxy as far as its limits go.</summary>
internal sealed class ProxyStandIn
{
    private readonly RequestLimiter _limiter;
    private readonly TimeProvider _time;
    private readonly string _id;
    private readonly Stack<Admission> _underWay = new();
    private readonly Queue<ProxyReport> _unheard = new();
    private bool _takesTurns = true;
    private DefaultHttpContext _http = new();
    private long _sequence;

    public ProxyStandIn(string id, TimeProvider time, LimitSettings? settings = null)
    {
        (_id, _time, Contact) = (id, time, new(time));
        Contact.BusCameUp();
        _limiter = new(new(id), Contact, settings ?? new(), time);
    }

    /// <summary>Some that have heard of each other.</summary>
    public static ProxyStandIn[] Cluster(FakeTimeProvider time, int count)
    {
        ProxyStandIn[] proxies = [.. Enumerable.Range(0, count).Select(i => new ProxyStandIn($"proxy-{i}", time))];
        Pass(time, 1, proxies);
        return proxies;
    }

    /// <summary>Seconds pass, in each of which they exchange reports.</summary>
    public static void Pass(FakeTimeProvider time, int seconds, params ProxyStandIn[] proxies)
    {
        for (; seconds > 0; seconds--)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            foreach (var proxy in proxies) proxy.Exchange(proxies);
        }
    }

    public Contact Contact { get; }

    public InferenceError? Refusal { get; private set; }

    public int UnderWay => _underWay.Count;

    public bool IsSettled => _limiter.IsSettled;

    public string? Header(string name) => _http.Response.Headers[name];

    public bool Admits(KnownKey? key, RoutedEndpoint? endpoint = null, string address = "127.0.0.1", string? forwardedFor = null)
    {
        _http = new() { Connection = { RemoteIpAddress = System.Net.IPAddress.Parse(address) } };
        if (forwardedFor is not null) _http.Request.Headers["X-Forwarded-For"] = forwardedFor;
        Refusal = _limiter.Admit(_http, endpoint ?? Endpoint(null), key, _time.GetTimestamp(), out var admission);
        if (Refusal is null) _underWay.Push(admission);
        return Refusal is null;
    }

    public bool End()
    {
        if (_underWay.TryPop(out var admission)) admission.Leave();
        return true;
    }

    /// <summary>What it said last.</summary>
    public ProxyReport? Said { get; private set; }

    /// <summary>A second passes in which its last report still waits for the broker.</summary>
    public void SaysNothing() => _limiter.Exchange();

    public void Exchange(params ProxyStandIn[] all)
    {
        _limiter.Exchange();
        Say(leaving: false, all);
    }

    public void Leave(params ProxyStandIn[] others) => Say(leaving: true, others);

    /// <summary>Its report waits until each of them hears some of what waits for it.</summary>
    public void ExchangeUnheard(params ProxyStandIn[] all)
    {
        _limiter.Exchange();
        var report = Report(leaving: false);
        foreach (var other in all) other._unheard.Enqueue(report);
    }

    public void HearSome(int most)
    {
        for (; most > 0 && _unheard.TryDequeue(out var report); most--) _limiter.Hear(report);
    }

    /// <summary>From now on it speaks as a version did that knew of no turns.</summary>
    public void IsOfAnOldVersion() => _takesTurns = false;

    private void Say(bool leaving, ProxyStandIn[] to)
    {
        var report = Report(leaving);
        foreach (var other in to) other._limiter.Hear(report);
    }

    private ProxyReport Report(bool leaving) =>
        Said = new(_id, ++_sequence, Some.Noon, _time.GetUtcNow(), leaving, [], _limiter.Take(), _limiter.RoomFor, _takesTurns ? _limiter.TurnIn(_sequence) : null);

    public static KnownKey Key(RequestLimits limits) => new("key-1", new("hvz_live_test", "acct-1", []), limits);

    public static RoutedEndpoint Endpoint(EndpointLimits? limits)
    {
        var state = Some.Endpoint("endpt-000000000001");
        return new(1, state with { Settings = state.Settings with { Limits = limits } });
    }
}
