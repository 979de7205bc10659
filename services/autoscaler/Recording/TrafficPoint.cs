using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Recording;

/// <summary>
/// An endpoint's traffic in an interval, as it is kept: names are wire format, and what is nothing is left out. Of intervals in which nothing was, one in a minute is
/// kept.
/// </summary>
public sealed record TrafficPoint
{
    /// <summary>Seconds of a short interval, which is kept for a day.</summary>
    public const int ShortSeconds = 10;

    /// <summary>Seconds of a long one, which is kept for 30 days.</summary>
    public const int LongSeconds = 60;

    /// <summary>Seconds of a part of a long one, in which arrivals are told apart.</summary>
    public const int LongPartSeconds = 10;

    private const int LongParts = LongSeconds / LongPartSeconds;

    /// <summary>When it begins.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>For how long of it traffic was watched, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Valid requests that arrived, in each second of a short interval, in each ten seconds of a minute; null when there were none.</summary>
    public IReadOnlyList<int>? Arrived { get; init; }

    /// <summary>Requests that ended, refused ones too, by status; null when there were none.</summary>
    public IReadOnlyDictionary<int, int>? Statuses { get; init; }

    /// <summary>Tokens that went in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long PromptTokens { get; init; }

    /// <summary>Tokens that came out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long CompletionTokens { get; init; }

    /// <summary>From arrival to the first piece of a stream; null when there were none.</summary>
    public Histogram? FirstToken { get; init; }

    /// <summary>From arrival to the end of an answer; null when there were none.</summary>
    public Histogram? Duration { get; init; }

    /// <summary>Requests at nodes, on average.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double InFlight { get; init; }

    /// <summary>Requests that waited for a node, on average.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double Waiting { get; init; }

    /// <summary>Nodes that there should have been, on average.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double Wanted { get; init; }

    /// <summary>Nodes that served, on average.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double Ready { get; init; }

    /// <summary>What nodes said of themselves; null when none did.</summary>
    public NodeLoad? Nodes { get; init; }

    /// <summary>Whether its parts are those of a long one.</summary>
    [JsonIgnore] public bool IsLong => Seconds > ShortSeconds || Arrived?.Count == LongParts;

    /// <summary>Whether it was called, or had requests.</summary>
    [JsonIgnore] public bool IsBusy => Arrived is not null || Statuses is not null || InFlight + Waiting > 0;

    /// <summary>Whether there is nothing to say.</summary>
    [JsonIgnore] public bool IsNothing => !IsBusy && Wanted + Ready == 0;

    /// <summary>Points of one endpoint as one, with parts as a long one has them; what is later is in the last.</summary>
    /// <param name="points">Those of the time; what is not there was nothing.</param>
    /// <param name="at">When the time begins.</param>
    /// <param name="seconds">How much of it was watched, seconds: averages are over that.</param>
    public static TrafficPoint Sum(IReadOnlyCollection<TrafficPoint> points, DateTimeOffset at, double seconds)
    {
        var (arrived, statuses) = (new int[LongParts], new Dictionary<int, int>());
        foreach (var point in points)
        {
            for (var part = 0; part < point.Arrived?.Count; part++)
                arrived[Math.Clamp((int)((point.StartOf(part) - at).TotalSeconds / LongPartSeconds), 0, LongParts - 1)] += point.Arrived[part];
            if (point.Statuses is null) continue;
            foreach (var (status, count) in point.Statuses) CollectionsMarshal.GetValueRefOrAddDefault(statuses, status, out _) += count;
        }
        var said = points.Select(p => p.Nodes).OfType<NodeLoad>().ToList();
        return new()
        {
            At = at, Seconds = seconds, Arrived = Array.TrueForAll(arrived, a => a == 0) ? null : arrived, Statuses = statuses.Count == 0 ? null : statuses,
            PromptTokens = points.Sum(p => p.PromptTokens), CompletionTokens = points.Sum(p => p.CompletionTokens),
            FirstToken = OrNull(points.Select(p => p.FirstToken)), Duration = OrNull(points.Select(p => p.Duration)),
            InFlight = Average(p => p.InFlight), Waiting = Average(p => p.Waiting), Wanted = Average(p => p.Wanted), Ready = Average(p => p.Ready),
            Nodes = said.Count == 0 ? null : new(Math.Round(said.Average(n => n.Running), 3), Math.Round(said.Average(n => n.Waiting), 3), said.Max(n => n.CacheUsed)),
        };

        double Average(Func<TrafficPoint, double> of) => seconds <= 0 ? 0 : Math.Round(points.Sum(p => of(p) * p.Seconds) / seconds, 3);
    }

    /// <summary>When a part of it begins.</summary>
    /// <param name="part">Number of the part, from 0.</param>
    public DateTimeOffset StartOf(int part) => At.AddSeconds(part * (IsLong ? LongPartSeconds : 1));

    /// <summary>Histograms as one; null when there is nothing in them.</summary>
    /// <param name="some">The histograms.</param>
    internal static Histogram? OrNull(IEnumerable<Histogram?> some) => Histogram.Sum(some.OfType<Histogram>()) is { Count: > 0 } sum ? sum : null;
}
