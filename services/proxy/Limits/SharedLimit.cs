using Hypervize.Contracts;

namespace Hypervize.Proxy.Limits;

/// <summary>What the other proxies said of a subject in their last reports.</summary>
/// <param name="Uses">Every other live proxy, and what it said; null when it did not speak of the subject.</param>
internal readonly record struct OthersUse(IReadOnlyList<(string Proxy, LimitUse? Use)> Uses);

/// <summary>
/// One subject's limits, which all proxies hold together: between two exchanges of reports each lets in no more than its part of what is left. Whoever
/// calls holds its lock.
/// </summary>
/// <param name="subject">A key, an endpoint or a client's address.</param>
internal sealed class SharedLimit(string subject)
{
    private static readonly RequestLimits NoLimits = new();
    private readonly MinuteWindow _window = new();
    private RequestLimits _limits = NoLimits;
    private bool _hasSpoken, _hasPart;
    private int _allowance, _cap;
    private int _letIn, _refused;

    /// <summary>Whose limits they are.</summary>
    public string Subject => subject;

    /// <summary>Requests under way here.</summary>
    public int InFlight { get; private set; }

    /// <summary>Requests that any proxy let in during the last minute, as far as is known.</summary>
    public int InLastMinute => _window.Total;

    /// <summary>Whether nothing is known of it that matters.</summary>
    public bool IsIdle => InFlight == 0 && _window.Total == 0 && _letIn == 0 && _refused == 0;

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
        _window.MoveTo(second);
        if (_limits.Concurrent is { } most && InFlight >= _cap)
        {
            _refused++;
            return new(IsConcurrency: true, most, RetryAfterSeconds: 1);
        }
        if (_limits.RequestsPerMinute is { } perMinute && (_allowance <= 0 || _window.Total >= perMinute))
        {
            _refused++;
            return new(IsConcurrency: false, perMinute, Math.Max(1, _window.SecondsUntilBelow(perMinute)));
        }
        _allowance--;
        _window.Add(1);
        _letIn++;
        InFlight++;
        return null;
    }

    /// <summary>A request that was let in turned out not to be: another limit refused it.</summary>
    public void TakeBack()
    {
        _allowance++;
        _window.Add(-1);
        _letIn--;
        InFlight--;
    }

    /// <summary>A request that was let in has ended.</summary>
    public void Leave() => InFlight--;

    /// <summary>Seconds until nothing of the last minute counts any more.</summary>
    public int SecondsUntilFull() => _window.SecondsUntilEmpty();

    /// <summary>Another proxy let requests in.</summary>
    /// <param name="use">What it said.</param>
    /// <param name="knowsMore">Whether it has been there for longer: what it knows of the minute before counts as if it were of now.</param>
    /// <param name="second">The second it is now.</param>
    public void HeardOf(LimitUse use, bool knowsMore, long second)
    {
        if (_limits == NoLimits) _limits = use.Limits;
        _window.MoveTo(second);
        _window.Add(use.LetIn);
        if (knowsMore && use.InLastMinute > _window.Total) _window.Add(use.InLastMinute - _window.Total);
    }

    /// <summary>Takes this proxy's part of what is left, until the next exchange.</summary>
    /// <param name="limits">The limits from now on.</param>
    /// <param name="others">What the others said.</param>
    /// <param name="own">This proxy's id.</param>
    /// <param name="second">The second it is now.</param>
    public void Exchange(RequestLimits limits, OthersUse others, string own, long second)
    {
        if (_limits != limits || PerMinute.Length == 0) PerMinute = $"{limits.RequestsPerMinute}";
        (_limits, _hasPart) = (limits, true);
        _window.MoveTo(second);
        if (limits.RequestsPerMinute is { } perMinute) _allowance = Part(perMinute, perMinute - _window.Total, _allowance, others, own, u => u.Allowance);
        if (limits.Concurrent is { } most) _cap = Math.Max(InFlight, Part(most, most, _cap, others, own, u => u.Cap));
    }

    /// <summary>What this proxy says of it; counts begin anew.</summary>
    public LimitUse Take()
    {
        var use = new LimitUse(subject, _limits, _letIn, _refused, InFlight, _limits.RequestsPerMinute is null ? 0 : Math.Max(0, _allowance), _limits.Concurrent is null ? 0 : _cap, _window.Total);
        (_letIn, _refused, _hasSpoken) = (0, 0, true);
        return use;
    }

    // What the others leave, who have what they said they have, or, while they said nothing, an equal part; or, where they leave less (several have just
    // come, or all were cut off from each other), what this one holds: whoever keeps a part takes nothing from anyone.
    private int Part(int limit, int left, int held, OthersUse others, string own, Func<LimitUse, int> has)
    {
        string[] all = [own, .. others.Uses.Select(u => u.Proxy)];
        var spoken = others.Uses.Where(u => u.Use is not null).Select(u => (u.Proxy, Use: u.Use!)).ToList();
        var unspoken = left - others.Uses.Where(u => u.Use is null).Sum(u => LimitShare.Equal(limit, subject, all, u.Proxy));
        (string, int)[] asked = [(own, _letIn + _refused + InFlight), .. spoken.Select(u => (u.Proxy, u.Use.LetIn + u.Use.Refused + u.Use.InFlight))];
        var part = _hasSpoken ? LimitShare.Of(Math.Max(0, unspoken), asked, own) : LimitShare.Equal(limit, subject, all, own);
        return Math.Clamp(part, 0, Math.Max(0, Math.Max(held, unspoken - spoken.Sum(u => has(u.Use)))));
    }
}

/// <summary>Why a limit does not let a request in.</summary>
/// <param name="IsConcurrency">Whether too many are under way; else too many began in a minute.</param>
/// <param name="Limit">The limit.</param>
/// <param name="RetryAfterSeconds">When there will be room.</param>
internal readonly record struct InferenceRefusal(bool IsConcurrency, int Limit, int RetryAfterSeconds);
