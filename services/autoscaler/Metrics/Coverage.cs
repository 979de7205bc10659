using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Metrics;

/// <summary>One proxy's interval, in this autoscaler's steady time.</summary>
/// <param name="Proxy">The proxy.</param>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
public sealed record Interval(ReportingProxy Proxy, TimeSpan From, TimeSpan To);

/// <summary>How well traffic is known at a moment.</summary>
/// <param name="Known">Proxies that reported and neither left nor were forgotten.</param>
/// <param name="Silent">Those of them whose last reported moment is too long ago.</param>
/// <param name="Since">Since when every known proxy has reported without a gap.</param>
/// <param name="Until">Up to when all of them have reported; null when none is known or one is silent.</param>
/// <param name="ReportAge">Time since the last report of any; null when there was none.</param>
public readonly record struct Knowledge(int Known, int Silent, TimeSpan Since, TimeSpan? Until, TimeSpan? ReportAge)
{
    /// <summary>Whether all traffic is known: there are proxies, and none is silent.</summary>
    public bool IsWhole => Known > 0 && Silent == 0;

    /// <summary>How long all traffic has been known without a gap, counted from a moment; zero when it isn't known now.</summary>
    /// <param name="from">The moment.</param>
    public TimeSpan LengthFrom(TimeSpan from)
    {
        var start = from > Since ? from : Since;
        return Until > start ? Until.Value - start : TimeSpan.Zero;
    }
}

/// <summary>
/// Which time the proxies' reports cover. Silence is known as silence: a number that is skipped, a report that is late, a proxy that
/// is not heard of. Each ends the time that is known without a gap, and it begins anew when the silence ends: when the proxy reports
/// again, or is forgotten. So a proxy that is cut off with requests in flight keeps everything as it is until it is taken for dead.
/// <para>
/// Moments are steady time: what has passed since this autoscaler started, whatever happens to the wall clock. Nothing is known of
/// the time before.
/// </para>
/// </summary>
/// <param name="late">Time without news after which a proxy is silent.</param>
/// <param name="forget">Time without a report after which it is forgotten.</param>
public sealed class Coverage(TimeSpan late, TimeSpan forget)
{
    private readonly Dictionary<string, ReportingProxy> _proxies = new(StringComparer.Ordinal);
    private TimeSpan _since;

    /// <summary>Takes in a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">When it arrived.</param>
    /// <returns>The interval it covers; null when it had been taken in before.</returns>
    public Interval? Take(ProxyReport report, TimeSpan now)
    {
        if (!_proxies.TryGetValue(report.ProxyId, out var proxy))
        {
            // An instance's first report covers its whole life, so there is no gap before it, unless nobody at all was known until now.
            if (report.Sequence > 1 || _proxies.Values.All(p => p.Left)) _since = now;
            _proxies[report.ProxyId] = proxy = new(report, now);
            return proxy.First(report);
        }
        if (!proxy.IsNews(report.Sequence)) return null;
        if (report.Sequence < proxy.Sequence) return proxy.Straggler(report);

        if (report.Sequence > proxy.Sequence + 1 || report.From > proxy.To || report.To < report.From) _since = now;
        return proxy.Next(report, now);
    }

    /// <summary>Forgets proxies that have not been heard of for too long.</summary>
    /// <param name="now">Now.</param>
    public void Forget(TimeSpan now)
    {
        foreach (var proxy in _proxies.Values.Where(p => now - p.HeardAt >= forget).ToArray())
        {
            _proxies.Remove(proxy.Id);
            if (!proxy.Left) _since = now;
        }
    }

    /// <summary>How well traffic is known.</summary>
    /// <param name="now">Now.</param>
    public Knowledge At(TimeSpan now)
    {
        var (known, silent, until, heardAt) = (0, 0, TimeSpan.MaxValue, (TimeSpan?)null);
        foreach (var proxy in _proxies.Values)
        {
            if (!(heardAt > proxy.HeardAt)) heardAt = proxy.HeardAt;
            if (proxy.Left) continue;
            known++;
            if (!IsCurrent(proxy, now)) silent++;
            if (proxy.Until < until) until = proxy.Until;
        }
        return new(known, silent, _since, known > 0 && silent == 0 ? until : null, now - heardAt);
    }

    /// <summary>Whether a proxy's last reported moment is recent.</summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="now">Now.</param>
    public bool IsCurrent(ReportingProxy proxy, TimeSpan now) => !proxy.Left && now - proxy.Until <= late;
}
