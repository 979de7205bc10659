using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Routing;

namespace Hypervize.Proxy.Limits;

/// <summary>
/// Requests per minute and at once, per key, per endpoint, and per client address of public endpoints, held by all proxies together: each says every
/// second what it let in and what part it has, and they take of what is left in turns (docs/decisions/0016).
/// </summary>
/// <param name="proxy">This proxy.</param>
/// <param name="contact">Whether others can be heard.</param>
/// <param name="settings">What holds where nobody said anything.</param>
/// <param name="time">Time.</param>
public sealed class RequestLimiter(ProxyInstance proxy, Contact contact, LimitSettings settings, TimeProvider time)
{
    /// <summary>Says how many requests a minute may have.</summary>
    internal const string LimitHeader = "x-ratelimit-limit-requests";

    /// <summary>Says how many are left of this minute's.</summary>
    internal const string RemainingHeader = "x-ratelimit-remaining-requests";

    /// <summary>Says after how long all will be left again.</summary>
    internal const string ResetHeader = "x-ratelimit-reset-requests";

    // Of more the others are not told; they assume that each proxy has an equal part.
    private const int MostReported = 2_000;

    /// <summary>Beyond so many, addresses that were not seen in the last minute share the limits of one: memory is bounded, whoever calls.</summary>
    internal const int MostKnown = 100_000;

    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(5);

    // Proxies come back to a broker that was away one after the other, within some seconds.
    private static readonly TimeSpan AliveAgain = TimeSpan.FromSeconds(10);

    // Who has not heard its own words for so long has not heard the others' either: its link is slow, or itself has stood still.
    private static readonly TimeSpan Hearing = TimeSpan.FromSeconds(3);

    // Proxies speak every second: whoever heard itself twice has heard all others that are there. One that says nothing of room (another version's) is not
    // waited for for ever, and nobody is for long while there is no bus.
    private const int UntilAllAreHeard = 2;
    private static readonly TimeSpan UntilGivenUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan UntilGivenUpWithoutBus = TimeSpan.FromSeconds(5);
    private static readonly string[] Resets = [.. Enumerable.Range(0, 61).Select(second => $"{second}s")];

    private readonly ConcurrentDictionary<string, SharedLimit> _limits = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Other> _others = new(StringComparer.Ordinal);
    private readonly LimitTurns _turns = new(proxy.Id);
    private readonly long _began = time.GetTimestamp();
    private volatile int _heardItself;
    private long _heardItselfOf;
    private long? _hearingSince;
    private volatile bool _isSettled;
    private volatile bool _isCrowded;
    private volatile IReadOnlyList<string> _roomFor = [];
    private readonly RequestLimits _perAddress = new(
        settings.AddressRequestsPerMinute == 0 ? null : settings.AddressRequestsPerMinute, settings.AddressConcurrent == 0 ? null : settings.AddressConcurrent);

    /// <summary>
    /// Whether this proxy has had time to be heard by the others and to hear what they left it. A proxy that serves earlier refuses requests by limits that are
    /// far from reached.
    /// </summary>
    public bool IsSettled => _isSettled;

    /// <summary>The other proxies among which it last divided the limits; null for none.</summary>
    public IReadOnlyList<string>? RoomFor => _roomFor is [] ? null : _roomFor;

    /// <summary>The latest turn it knows of; null while it can't take turns, as it does not hear the others.</summary>
    /// <param name="sequence">Sequence number of the report that says it.</param>
    public LimitTurn? TurnIn(long sequence) => _hearingSince is null ? null : _turns.In(sequence);

    /// <summary>Lets a request in, or says why not. What was let in must leave.</summary>
    /// <param name="http">The request; its answer tells how much is left.</param>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="key">Its key; null when it has none.</param>
    /// <param name="now">Timestamp of now.</param>
    /// <param name="admission">What it was let in by.</param>
    internal InferenceError? Admit(HttpContext http, RoutedEndpoint endpoint, KnownKey? key, long now, out Admission admission)
    {
        admission = default;
        var second = Second(now);
        var (id, limits) = (endpoint.State.Id, endpoint.State.Settings.Limits);
        if (key is { Limits: { } ofKey } && Refused(http, key.Id, ofKey, "This key", second, ref admission) is { } keyRefused) return keyRefused;
        if (limits is { RequestsPerMinute: not null } or { Concurrent: not null }
            && Refused(http, id, new(limits.RequestsPerMinute, limits.Concurrent), "This endpoint", second, ref admission) is { } endpointRefused) return endpointRefused;
        if (key is null && Refused(http, Caller(id, http), limits?.PerAddress ?? _perAddress, "Your address", second, ref admission) is { } addressRefused) return addressRefused;
        return null;
    }

    /// <summary>Takes in what another proxy let in and refused.</summary>
    /// <param name="report">Its report.</param>
    public void Hear(ProxyReport report)
    {
        if (report.ProxyId == proxy.Id)
        {
            Interlocked.Exchange(ref _heardItselfOf, report.To.UtcTicks);
            _heardItself++;
        }
        if (report.ProxyId == proxy.Id || (_others.TryGetValue(report.ProxyId, out var before) && before.Sequence >= report.Sequence)) return;
        var uses = (report.Limits ?? []).ToDictionary(u => u.Subject, StringComparer.Ordinal);
        if (report.Leaving) _others.TryRemove(report.ProxyId, out _);
        else _others[report.ProxyId] = new(report.Sequence, time.GetTimestamp(), report.RoomFor?.Contains(proxy.Id) is true, report.Turn is not null, uses);
        if (report.Turn is { } turn) _turns.Hear(turn);
        foreach (var use in uses.Values.Where(u => u.LetIn > 0 || u.Refused > 0 || !_isSettled))
        {
            var limit = Locked(use.Subject);
            try
            {
                limit.HeardOf(use, knowsMore: !_isSettled, Second(time.GetTimestamp()));
            }
            finally
            {
                Monitor.Exit(limit);
            }
        }
    }

    /// <summary>Divides what is left among the proxies, for a second.</summary>
    public void Exchange()
    {
        var isHearing = contact.BusIsUp && time.GetUtcNow().UtcTicks - Interlocked.Read(ref _heardItselfOf) < Hearing.Ticks;
        if (!isHearing) (_hearingSince, _heardItself) = (null, 0);
        else _hearingSince ??= time.GetTimestamp();
        // While nobody can be heard, those that were are taken to be there still; and for a while after, as they may be heard later than oneself.
        foreach (var (id, other) in _others)
            if (isHearing && time.GetElapsedTime(other.HeardAt) > Alive && (other.HeardAt > _hearingSince || time.GetElapsedTime(_hearingSince!.Value) > AliveAgain)) _others.TryRemove(id, out _);
        var hasRoom = _heardItself >= UntilAllAreHeard && _others.Values.All(o => o.HasMadeRoom);
        string[] roomFor = [.. _others.Keys];
        var isAlone = roomFor.Length == 0;
        var heard = _others.ToDictionary(o => o.Key, o => o.Value.Sequence, StringComparer.Ordinal);
        string[] takers = [.. _others.Where(o => o.Value.TakesTurns).Select(o => o.Key)];
        var known = 0;
        var mayTake = isAlone || (isHearing && _heardItself >= UntilAllAreHeard && _turns.IsOwn(takers, heard));
        foreach (var (subject, limit) in _limits)
        {
            var others = Others(subject);
            lock (limit)
            {
                var second = Second(time.GetTimestamp());
                if (isHearing || isAlone || limit.NeedsPart(limit.Limits)) limit.Exchange(limit.Limits, others, proxy.Id, second, mayTake);
                else limit.MoveTo(second);
                limit.IsForgotten = limit.IsIdle && _limits.TryRemove(new(subject, limit));
                if (!limit.IsForgotten) known++;
            }
        }
        _isCrowded = known > MostKnown;
        if (mayTake) _turns.Pass(takers, heard);
        _roomFor = roomFor;
        _isSettled |= (hasRoom && mayTake) || time.GetElapsedTime(_began) > (contact.BusIsDown ? UntilGivenUpWithoutBus : UntilGivenUp);
    }

    /// <summary>What this proxy has to say, since it last did; null for nothing.</summary>
    public IReadOnlyList<LimitUse>? Take()
    {
        // Of keys and endpoints the others are told first: addresses are many.
        var ranked = new List<(SharedLimit Limit, bool IsAddress, int Asked)>();
        foreach (var limit in _limits.Values)
            lock (limit)
                if (!limit.IsIdle) ranked.Add((limit, limit.Subject.Contains('/', StringComparison.Ordinal), limit.Asked));
        if (ranked.Count > MostReported) ranked = [.. ranked.OrderBy(r => r.IsAddress).ThenByDescending(r => r.Asked).ThenBy(r => r.Limit.Subject, StringComparer.Ordinal)];
        var uses = new List<LimitUse>(Math.Min(ranked.Count, MostReported));
        foreach (var (limit, _, _) in ranked)
            lock (limit)
                if (uses.Count < MostReported) uses.Add(limit.Take());
                else limit.Omit();
        return uses.Count == 0 ? null : uses;
    }

    private InferenceError? Refused(HttpContext http, string subject, RequestLimits limits, string whose, long second, ref Admission admission)
    {
        if (limits is { RequestsPerMinute: null, Concurrent: null }) return null;
        var limit = Locked(subject);
        try
        {
            if (limit.NeedsPart(limits)) limit.Exchange(limits, Others(subject), proxy.Id, second, mayTake: _others.IsEmpty);
            var refusal = limit.TryEnter(second);
            if (limits.RequestsPerMinute is { } perMinute) Tell(http, perMinute, limit, isFirst: admission.First is null);
            if (refusal is null)
            {
                admission = admission.And(limit);
                return null;
            }
            admission.TakeBack();
            admission = default;
            return refusal.Value.IsConcurrency ? InferenceError.TooMany(whose, refusal.Value.Limit) : InferenceError.TooOften(whose, refusal.Value.Limit, refusal.Value.RetryAfterSeconds);
        }
        finally
        {
            Monitor.Exit(limit);
        }
    }

    // It may have been forgotten before it was locked. Whoever gets it lets go of it.
    private SharedLimit Locked(string subject)
    {
        while (true)
        {
            var limit = _limits.GetOrAdd(subject, static s => new(s));
            Monitor.Enter(limit);
            if (!limit.IsForgotten) return limit;
            Monitor.Exit(limit);
        }
    }

    // OpenAI's headers; where several limits hold, the one with least left.
    private static void Tell(HttpContext http, int perMinute, SharedLimit limit, bool isFirst)
    {
        var (headers, remaining) = (http.Response.Headers, Math.Max(0, perMinute - limit.InLastMinute));
        if (!isFirst && headers[RemainingHeader] is [{ } told] && int.Parse(told, CultureInfo.InvariantCulture) <= remaining) return;
        headers[LimitHeader] = limit.PerMinute;
        headers[RemainingHeader] = remaining.ToString(CultureInfo.InvariantCulture);
        headers[ResetHeader] = Resets[limit.SecondsUntilFull()];
    }

    private OthersUse Others(string subject) => new(_others.IsEmpty ? [] : [.. _others.Select(o => (o.Key, o.Value.Uses.GetValueOrDefault(subject)))]);

    private string Caller(string endpoint, HttpContext http)
    {
        var subject = $"{endpoint}/{Address(http)}";
        return !_isCrowded || _limits.ContainsKey(subject) ? subject : $"{endpoint}/others";
    }

    private string Address(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        if (settings.ForwardedBy > 0)
        {
            string[] hops = [.. http.Request.Headers["X-Forwarded-For"].SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries))];
            if (hops.Length >= settings.ForwardedBy && IPAddress.TryParse(hops[^settings.ForwardedBy], out var forwarded)) address = forwarded;
        }
        if (address is null) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        // One client has a network of its own in IPv6, 64 bits wide.
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private long Second(long timestamp) => timestamp / time.TimestampFrequency;

    private sealed record Other(long Sequence, long HeardAt, bool HasMadeRoom, bool TakesTurns, IReadOnlyDictionary<string, LimitUse> Uses);
}

/// <summary>The limits that let a request in.</summary>
internal readonly record struct Admission(SharedLimit? First, SharedLimit? Second, SharedLimit? Third)
{
    /// <summary>One more did.</summary>
    public Admission And(SharedLimit limit) => First is null ? new(limit, null, null) : Second is null ? this with { Second = limit } : this with { Third = limit };

    /// <summary>The request has ended.</summary>
    public void Leave() => ForEach(static l => l.Leave());

    /// <summary>The request is not let in after all.</summary>
    public void TakeBack() => ForEach(static l => l.TakeBack());

    private void ForEach(Action<SharedLimit> act)
    {
        if (First is not null) lock (First) act(First);
        if (Second is not null) lock (Second) act(Second);
        if (Third is not null) lock (Third) act(Third);
    }
}
