namespace Hypervize.Dashboard.Plots;

/// <summary>A time up to now that is looked at.</summary>
/// <param name="Name">What addresses call it.</param>
/// <param name="Label">What people read.</param>
/// <param name="Length">How long it is.</param>
/// <param name="StepSeconds">Steps that it is shown in, seconds: some hundreds of them, as finely as is kept.</param>
public sealed record RecentTime(string Name, string Label, TimeSpan Length, int StepSeconds)
{
    /// <summary>All there are, the shortest first.</summary>
    public static IReadOnlyList<RecentTime> All { get; } =
    [
        new("15m", "15 min", TimeSpan.FromMinutes(15), 10),
        new("1h", "1 h", TimeSpan.FromHours(1), 20),
        new("6h", "6 h", TimeSpan.FromHours(6), 60),
        new("24h", "24 h", TimeSpan.FromHours(24), 300),
        new("7d", "7 d", TimeSpan.FromDays(7), 1800),
        new("30d", "30 d", TimeSpan.FromDays(30), 7200),
    ];

    /// <summary>After how long it is asked about again.</summary>
    public TimeSpan Pause => Length <= TimeSpan.FromHours(6) ? TimeSpan.FromSeconds(10) : TimeSpan.FromSeconds(60);

    /// <summary>Some of them.</summary>
    /// <param name="names">Their names.</param>
    public static IReadOnlyList<RecentTime> Some(params string[] names) => [.. All.Where(t => names.Contains(t.Name))];

    /// <summary>The one that an address names; another where it names none of these.</summary>
    /// <param name="some">Those that may be named.</param>
    /// <param name="name">What the address says.</param>
    /// <param name="usual">Name of the other.</param>
    public static RecentTime Named(IReadOnlyList<RecentTime> some, string? name, string usual) => some.FirstOrDefault(t => t.Name == name) ?? some.First(t => t.Name == usual);
}
