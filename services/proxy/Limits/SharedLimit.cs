using Hypervize.Contracts;

namespace Hypervize.Proxy.Limits;

/// <summary>What the other proxies said of a subject in their last reports.</summary>
/// <param name="Uses">Every other live proxy, and what it said; null when it did not speak of the subject.</param>
internal readonly record struct OthersUse(IReadOnlyList<(string Proxy, LimitUse? Use)> Uses);

/// <summary>
/// One subject's limits, which all proxies hold together: each has a part of them, lets in no more than that, and keeps it until it gives some of it up or
/// takes more of what the others left. Whoever calls holds its lock.
/// </summary>
/// <param name="subject">A key, an endpoint or a client's address.</param>
internal sealed class SharedLimit(string subject)
{
    private const int Minute = 60;
    private const long Never = long.MinValue / 2;
    private static readonly RequestLimits NoLimits = new();
    private static readonly Dictionary<string, int> NoParts = [];
    private readonly MinuteWindow _window = new(), _own = new();
    private RequestLimits _limits = NoLimits;
    private bool _hasSpoken, _hasPart;
    private int _part, _cap;
    private int _letIn, _refused;
    private long _second;
    private long _refusedAt = Never, _shortAt = Never;

    /// <summary>Whose limits they are.</summary>
    public string Subject => subject;

    /// <summary>Requests under way here.</summary>
    public int InFlight { get; private set; }

    /// <summary>Requests that any proxy let in during the last minute, as far as is known.</summary>
    public int InLastMinute => _window.Total;

    /// <summary>Whether nothing is known of it that matters. Where something was refused during the last minute, here or elsewhere, all go on to say what they need of it.</summary>
    public bool IsIdle => InFlight == 0 && _window.Total == 0 && _letIn == 0 && _refused == 0 && _second - _shortAt > Minute;

    /// <summary>How much it is asked for: what is told of first, where not all can be.</summary>
    public int Asked => _letIn + _refused + InFlight;

    /// <summary>The limits it was last asked with.</summary>
    public RequestLimits Limits => _limits;

    /// <summary>Requests per minute, as text: every answer tells it.</summary>
    public string PerMinute { get; private set; } = "";

    /// <summary>Whether it was forgotten, since it was idle: there may be another by now.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether this proxy has no part of these limits yet: they are other than the last, or it has only heard of them.</summary>
    /// <param name="limits">The limits.</param>
    public bool NeedsPart(RequestLimits limits) => !_hasPart || _limits != limits;

    /// <summary>Lets a request in, or says why not.</summary>
    /// <param name="second">The second it is now.</param>
    public InferenceRefusal? TryEnter(long second)
    {
        MoveTo(second);
        if (_limits.Concurrent is { } most && InFlight >= _cap)
        {
            Refuse();
            return new(IsConcurrency: true, most, RetryAfterSeconds: 1);
        }
        if (_limits.RequestsPerMinute is { } perMinute && (_own.Total >= _part || _window.Total >= perMinute))
        {
            Refuse();
            return new(IsConcurrency: false, perMinute, Math.Max(1, _window.SecondsUntilBelow(perMinute)));
        }
        Count(1);
        return null;
    }

    /// <summary>A request that was let in turned out not to be: another limit refused it.</summary>
    public void TakeBack() => Count(-1);

    /// <summary>A request that was let in has ended.</summary>
    public void Leave() => InFlight--;

    /// <summary>Time goes on.</summary>
    /// <param name="second">The second it is now.</param>
    public void MoveTo(long second)
    {
        _window.MoveTo(second);
        _own.MoveTo(second);
        _second = Math.Max(_second, second);
    }

    /// <summary>Seconds until nothing of the last minute counts any more.</summary>
    public int SecondsUntilFull() => _window.SecondsUntilEmpty();

    /// <summary>Another proxy let requests in.</summary>
    /// <param name="use">What it said.</param>
    /// <param name="knowsMore">Whether it has been there for longer: what it knows of the minute before counts as if it were of now.</param>
    /// <param name="second">The second it is now.</param>
    public void HeardOf(LimitUse use, bool knowsMore, long second)
    {
        if (_limits == NoLimits) _limits = use.Limits;
        MoveTo(second);
        // A report that waited for the broker tells of more than a minute.
        _window.Add(Math.Min(use.LetIn, use.Used));
        if (use.Refused > 0) _shortAt = second;
        if (knowsMore && use.InLastMinute > _window.Total) _window.Add(use.InLastMinute - _window.Total);
    }

    /// <summary>Gives up what others were asked for more; and takes of what they left, if that may be.</summary>
    /// <param name="limits">The limits from now on.</param>
    /// <param name="others">What the others said.</param>
    /// <param name="own">This proxy's id.</param>
    /// <param name="second">The second it is now.</param>
    /// <param name="mayTake">Whether no other proxy takes anything at this time, and all that was taken is known.</param>
    public void Exchange(RequestLimits limits, OthersUse others, string own, long second, bool mayTake)
    {
        if (_limits != limits || PerMinute.Length == 0) PerMinute = $"{limits.RequestsPerMinute}";
        var (hadMinute, hadConcurrent) = (_hasPart && _limits.RequestsPerMinute is not null, _hasPart && _limits.Concurrent is not null);
        (_limits, _hasPart) = (limits, true);
        MoveTo(second);
        if (limits.RequestsPerMinute is { } perMinute)
        {
            // What a proxy let in that is gone counts until it is a minute old.
            var ofGone = Math.Max(0, _window.Total - _own.Total - others.Uses.Sum(u => u.Use?.Used ?? 0));
            _part = Part(perMinute, _own.Total, perMinute - _window.Total, ofGone, hadMinute ? _part : null, others, own, mayTake, u => u.Part);
        }
        if (limits.Concurrent is { } most) _cap = Math.Max(InFlight, Part(most, InFlight, most - InFlight - others.Uses.Sum(u => u.Use?.InFlight ?? 0), 0, hadConcurrent ? _cap : null, others, own, mayTake, u => u.Cap));
    }

    /// <summary>What this proxy says of it; counts begin anew.</summary>
    public LimitUse Take()
    {
        var use = new LimitUse(
            subject, _limits, _letIn, _refused, InFlight, _limits.RequestsPerMinute is null ? 0 : _part, _limits.Concurrent is null ? 0 : _cap, _own.Total, _window.Total, IsShort);
        (_letIn, _refused, _hasSpoken) = (0, 0, true);
        return use;
    }

    /// <summary>It is not told of this time: to the others it has an equal part.</summary>
    public void Omit() => _hasSpoken = false;

    private bool IsShort => _second - _refusedAt <= Minute;

    private void Refuse()
    {
        _refused++;
        _refusedAt = _shortAt = _second;
    }

    private void Count(int requests)
    {
        _window.Add(requests);
        _own.Add(requests);
        _letIn += requests;
        InFlight += requests;
    }

    // Its fair part: what it used, and what it was asked for of what is left. The others have what they said they have, or, while they said nothing, an equal
    // part; so has a newcomer at most. Whoever keeps a part takes nothing from anyone, even where the others leave less.
    private int Part(int limit, int used, int left, int ofGone, int? held, OthersUse others, string own, bool mayTake, Func<LimitUse, int> has)
    {
        var spoken = others.Uses.Where(u => u.Use is not null).Select(u => (u.Proxy, Use: u.Use!)).ToList();
        var mayAsk = _hasSpoken && held is not null;
        IReadOnlyDictionary<string, int> equal = mayAsk && spoken.Count == others.Uses.Count ? NoParts : LimitShare.Equal(limit, subject, [own, .. others.Uses.Select(u => u.Proxy)]);
        var unspoken = others.Uses.Where(u => u.Use is null).Sum(u => equal[u.Proxy]);
        (string, int)[] asked = [(own, Asked), .. spoken.Select(u => (u.Proxy, u.Use.LetIn + u.Use.Refused + u.Use.InFlight))];
        if (asked.All(a => a.Item2 == 0)) asked = [(own, IsShort ? 1 : 0), .. spoken.Select(u => (u.Proxy, u.Use.IsShort ? 1 : 0))];
        var fair = mayAsk ? used + LimitShare.Of(Math.Max(0, left - unspoken), asked, own) : equal[own];
        var room = mayTake || held is null ? limit - ofGone - unspoken - spoken.Sum(u => has(u.Use)) : 0;
        return Math.Clamp(fair, 0, Math.Max(held ?? 0, Math.Max(0, room)));
    }
}

/// <summary>Why a limit does not let a request in.</summary>
/// <param name="IsConcurrency">Whether too many are under way; else too many began in a minute.</param>
/// <param name="Limit">The limit.</param>
/// <param name="RetryAfterSeconds">When there will be room.</param>
internal readonly record struct InferenceRefusal(bool IsConcurrency, int Limit, int RetryAfterSeconds);
