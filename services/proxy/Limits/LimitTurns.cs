using Hypervize.Contracts;

namespace Hypervize.Proxy.Limits;

/// <summary>
/// Whose turn it is to take of what the limits leave. A proxy passes its turn on in the report that says what it took, and the next waits until it has heard
/// that, and all that was heard by the one before it: so whoever takes knows what was taken, however late reports come.
/// </summary>
/// <param name="own">This proxy's id.</param>
internal sealed class LimitTurns(string own)
{
    private readonly Lock _lock = new();
    private LimitTurn _latest = new(0, "", new Dictionary<string, long>());
    private bool _isUntold;

    /// <summary>The latest turn that is known here, as a report says it.</summary>
    /// <param name="sequence">The report's sequence number: who has the turn after this proxy waits for what this report says, whoever else it hears of its turn from.</param>
    public LimitTurn In(long sequence)
    {
        lock (_lock)
        {
            if (_isUntold) _latest = _latest with { Heard = new Dictionary<string, long>(_latest.Heard) { [own] = sequence } };
            _isUntold = false;
            return _latest;
        }
    }

    /// <summary>Takes in which turn another proxy knows of.</summary>
    /// <param name="turn">The turn.</param>
    public void Hear(LimitTurn turn)
    {
        lock (_lock)
            if (turn.Number > _latest.Number) (_latest, _isUntold) = (turn, false);
    }

    /// <summary>Whether it is this proxy's turn. One that nobody has, or somebody who is gone, is the first one's.</summary>
    /// <param name="others">The other proxies that take turns.</param>
    /// <param name="heard">Up to which sequence number each other proxy was heard.</param>
    public bool IsOwn(IReadOnlyCollection<string> others, IReadOnlyDictionary<string, long> heard)
    {
        lock (_lock)
        {
            if (_latest.ProxyId != own && !others.Contains(_latest.ProxyId) && Ring(others)[0] == own) _latest = new(_latest.Number + 1, own, _latest.Heard);
            return _latest.ProxyId == own && _latest.Heard.All(h => !heard.TryGetValue(h.Key, out var upTo) || upTo >= h.Value);
        }
    }

    /// <summary>This proxy has taken what it wants: the next one has its turn.</summary>
    /// <param name="others">The other proxies that take turns.</param>
    /// <param name="heard">Up to which sequence number each other proxy was heard.</param>
    public void Pass(IReadOnlyCollection<string> others, IReadOnlyDictionary<string, long> heard)
    {
        var ring = Ring(others);
        var next = ring[(ring.IndexOf(own) + 1) % ring.Count];
        lock (_lock)
            if (_latest.ProxyId == own && next != own) (_latest, _isUntold) = (new(_latest.Number + 1, next, heard), true);
    }

    private List<string> Ring(IReadOnlyCollection<string> others) => [.. others.Append(own).Order(StringComparer.Ordinal)];
}
