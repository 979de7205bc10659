using System.Globalization;
using Hypervize.Contracts;

namespace Hypervize.Autoscaling.Simulation;

/// <summary>Something that can be set otherwise in a simulation.</summary>
/// <param name="Name">Its name, as people give it.</param>
/// <param name="What">What it is.</param>
/// <param name="Least">The least it may be.</param>
/// <param name="Most">The most it may be.</param>
/// <param name="Of">What it is for an endpoint; null when it counts for nothing.</param>
/// <param name="Apply">What becomes of an endpoint by it.</param>
/// <param name="IsWhole">Whether it has no fractions.</param>
public sealed record Setting(string Name, string What, double Least, double Most, Func<Setup, double?> Of, Func<Setup, double, Setup> Apply, bool IsWhole = true)
{
    /// <summary>All there are. The bounds are those of the platform.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("min", "fewest nodes", 0, Scaling.MostNodes, s => s.Scaling.Min, (s, v) => s with { Scaling = s.Scaling with { Min = (int)v } }),
        new("max", "most nodes", 1, Scaling.MostNodes, s => s.Scaling.Max, (s, v) => s with { Scaling = s.Scaling with { Max = (int)v } }),
        new("idle", "seconds without a request before it sleeps", 1, 86_400, s => s.Scaling.IdleSeconds, (s, v) => s with { Scaling = s.Scaling with { IdleSeconds = (int)v } }),
        new("concurrency", "requests that a node takes at once", 1, 1024, s => s.Scaling.Concurrency, (s, v) => s with { Scaling = s.Scaling with { Concurrency = (int)v } }),
        new("rpm", "requests per minute that a node can serve", 1, 1_000_000, s => s.Scaling.RequestsPerMinute, (s, v) => s with { Scaling = s.Scaling with { RequestsPerMinute = (int)v } }),
        new("target", "requests at once that a node should have", 0.1, 1024, s => s.Tuning.TargetUtilisation * s.Scaling.Concurrency, (s, v) => s with { Tuning = s.Tuning with { TargetUtilisation = v / s.Scaling.Concurrency } }, IsWhole: false),
        new("window", "seconds over which load is averaged", 2, 300, s => s.Tuning.Window.TotalSeconds, (s, v) => s with { Tuning = s.Tuning with { Window = TimeSpan.FromSeconds((int)v) } }),
        new("stabilisation", "seconds for which load must have been lower before nodes go", 1, 3600, s => s.Tuning.Stabilisation.TotalSeconds, (s, v) => s with { Tuning = s.Tuning with { Stabilisation = TimeSpan.FromSeconds((int)v) } }),
        new("panic", "times the target that is a burst", 1.1, 100, s => s.Tuning.PanicAt, (s, v) => s with { Tuning = s.Tuning with { PanicAt = v } }, IsWhole: false),
        new("up", "times the nodes that serve there may be after one decision", 1.1, 1000, s => s.Tuning.UpRate, (s, v) => s with { Tuning = s.Tuning with { UpRate = v } }, IsWhole: false),
        new("down", "times the nodes that are left there may have been before one decision", 1.1, 1000, s => s.Tuning.DownRate, (s, v) => s with { Tuning = s.Tuning with { DownRate = v } }, IsWhole: false),
        new("start", "seconds until a node serves", 1, 3600, s => s.StartSeconds, (s, v) => s with { StartSeconds = (int)v }),
        new("hold", "seconds that a request waits at most", 1, 3600, s => s.HoldSeconds, (s, v) => s with { HoldSeconds = (int)v }),
    ];

    private static string Names => string.Join(", ", All.Select(s => s.Name));

    /// <summary>Sets what was given as <c>name=value</c>.</summary>
    /// <param name="setup">The endpoint.</param>
    /// <param name="given">What was given.</param>
    /// <returns>The endpoint, or what is wrong.</returns>
    public static (Setup? Setup, string? Error) Set(Setup setup, IReadOnlyCollection<string> given) =>
        Parse(given) is var (settings, error) && settings is not null ? Set(setup, settings) : (null, error);

    /// <summary>Reads what was given as <c>name=value</c>.</summary>
    /// <param name="given">What was given.</param>
    /// <returns>Settings within their bounds, or what is wrong.</returns>
    public static (IReadOnlyList<(Setting It, double Value)>? Settings, string? Error) Parse(IReadOnlyCollection<string> given)
    {
        var settings = new List<(Setting It, double Value)>();
        foreach (var text in given)
        {
            var (name, value) = text.Split('=', 2) is [var n, var v] ? (n.Trim(), v.Trim()) : (text, "");
            if (All.FirstOrDefault(s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } setting) return (null, $"\"{name}\" can't be set: give {Names}, such as idle=600.");
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= setting.Least && number <= setting.Most) || (setting.IsWhole && number % 1 != 0))
                return (null, $"\"{text}\": {setting.Name} ({setting.What}) must be a {(setting.IsWhole ? "whole " : "")}number from {Text(setting.Least)} to {Text(setting.Most)}.");
            settings.Add((setting, number));
        }
        return (settings, null);
    }

    /// <summary>Sets numbers within their bounds, the concurrency before its share.</summary>
    /// <param name="setup">The endpoint.</param>
    /// <param name="given">What was given.</param>
    /// <returns>The endpoint, or what is wrong.</returns>
    public static (Setup? Setup, string? Error) Set(Setup setup, IReadOnlyCollection<(Setting It, double Value)> given)
    {
        if (given.GroupBy(g => g.It).FirstOrDefault(g => g.Count() > 1) is { } twice) return (null, $"{twice.Key.Name} is set twice.");
        foreach (var setting in All)
            foreach (var (it, value) in given)
                if (it == setting) setup = it.Apply(setup, value);
        return setup switch
        {
            { Scaling: { Min: var min, Max: var max } } when min > max => (null, $"min ({min}) is above max ({max}): set both."),
            { Tuning.TargetUtilisation: > 1 } => (null, $"target is more than the {setup.Scaling.Concurrency} requests that a node takes at once: set concurrency, too."),
            _ => (setup, null),
        };
    }

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
