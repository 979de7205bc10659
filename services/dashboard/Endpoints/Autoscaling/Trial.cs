using System.Collections.Immutable;
using System.Globalization;
using Hypervize.Autoscaling.Policy;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>A setting that is tried.</summary>
/// <param name="It">The setting.</param>
/// <param name="From">How it is set.</param>
/// <param name="To">How it is tried.</param>
public readonly record struct TrialChange(Setting It, double From, double To);

/// <summary>Settings of an endpoint that are tried beside those it has: what was typed, what it comes to, and what is wrong with it. Immutable.</summary>
public sealed class Trial
{
    private const string Target = "target";
    private static readonly string[] Order = ["min", "max", "idle", "concurrency", "rpm", Target, "window", "stabilisation", "panic", "up", "down", "hold", "start"];
    private static readonly IReadOnlyList<Setting> Ordered = [.. Setting.All.OrderBy(s => Array.IndexOf(Order, s.Name))];

    private readonly Setup _current;
    private readonly Setup _tried;
    private readonly ImmutableDictionary<string, string> _given;

    private Trial(Setup current, ImmutableDictionary<string, string> given) => (_current, _given, _tried) = (current, given, Applied(current, given, _ => true));

    /// <summary>Settings that the endpoint has, in the order they are shown in.</summary>
    public IReadOnlyList<Setting> Settings => [.. Ordered.Where(s => s.Of(_current) is not null)];

    /// <summary>What is tried otherwise than it is set, in order.</summary>
    public IReadOnlyList<TrialChange> Changes => [.. Settings.Where(IsChanged).Select(s => new TrialChange(s, CurrentOf(s), ValueOf(s)))];

    /// <summary>Whether all that was typed can be tried.</summary>
    public bool IsSound => Settings.All(s => ErrorOf(s) is null);

    /// <summary>Nothing is tried yet.</summary>
    /// <param name="current">How the endpoint is set, by <see cref="Setting.Name"/>.</param>
    public static Trial Of(IReadOnlyDictionary<string, double> current) => new(SetupOf(current), ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>The same tried on an endpoint that is set otherwise meanwhile.</summary>
    /// <param name="current">How it is set now.</param>
    public Trial On(IReadOnlyDictionary<string, double> current) => new(SetupOf(current), _given);

    /// <summary>With a setting as somebody typed it.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="text">What was typed.</param>
    public Trial With(Setting setting, string text) => new(_current, _given.SetItem(setting.Name, text.Trim()));

    /// <summary>With a setting at a value.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="value">The value.</param>
    public Trial With(Setting setting, double value) => With(setting, Text(value));

    /// <summary>With nothing tried.</summary>
    public Trial Cleared() => new(_current, _given.Clear());

    /// <summary>What was tried and can be set is set now.</summary>
    public Trial Taken() => new(Applied(_current, _given, CanBeSet), _given.RemoveRange(_given.Keys.Where(name => name != Start.Name)));

    /// <summary>How the endpoint is set.</summary>
    /// <param name="setting">The setting.</param>
    public double CurrentOf(Setting setting) => setting.Of(_current)!.Value;

    /// <summary>How it is tried; as it is set, where what was typed makes no sense.</summary>
    /// <param name="setting">The setting.</param>
    public double ValueOf(Setting setting) => setting.Of(_tried)!.Value;

    /// <summary>What stands in its field: what was typed, where something was.</summary>
    /// <param name="setting">The setting.</param>
    public string TextOf(Setting setting) => _given.GetValueOrDefault(setting.Name) ?? Text(ValueOf(setting));

    /// <summary>Whether it is tried otherwise than it is set.</summary>
    /// <param name="setting">The setting.</param>
    public bool IsChanged(Setting setting) => Parsed(setting, _given) is { } value && Math.Abs(value - setting.Of(Applied(_current, _given, s => s != setting))!.Value) > 1e-9;

    /// <summary>What is wrong with what was typed; null for nothing.</summary>
    /// <param name="setting">The setting.</param>
    public string? ErrorOf(Setting setting)
    {
        if (_given.ContainsKey(setting.Name) && Parsed(setting, _given) is null)
            return $"must be a {(setting.IsWhole ? "whole " : "")}number from {Bound(setting.Least)} to {Bound(setting.Most)}";
        return setting.Name switch
        {
            "min" when _tried.Scaling.Min > _tried.Scaling.Max => $"must not be above the {_tried.Scaling.Max} that there are at most",
            Target when _tried.Tuning.TargetUtilisation > 1 + 1e-9 => $"must not be above the {_tried.Scaling.Concurrency} that a node takes at once",
            _ => null,
        };
    }

    /// <summary>A number as it is typed.</summary>
    /// <param name="value">The number.</param>
    public static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    internal static bool CanBeSet(Setting setting) => setting != Start;

    internal int Concurrency => _tried.Scaling.Concurrency;

    // How long a node takes to start is nobody's choice.
    private static Setting Start => Setting.All.First(s => s.Name == "start");

    private static string Bound(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    private static double? Parsed(Setting setting, ImmutableDictionary<string, string> given) =>
        given.TryGetValue(setting.Name, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= setting.Least && value <= setting.Most && (!setting.IsWhole || value % 1 == 0) ? value : null;

    // In the order in which one rests on another: a target is a share of the concurrency.
    private static Setup Applied(Setup setup, ImmutableDictionary<string, string> given, Func<Setting, bool> which)
    {
        foreach (var setting in Setting.All)
            if (which(setting) && Parsed(setting, given) is { } value) setup = setting.Apply(setup, value);
        return setup;
    }

    private static Setup SetupOf(IReadOnlyDictionary<string, double> settings)
    {
        var setup = new Setup(new Scaling(0, 1, 1, 1), Tuning.Default, StartSeconds: 1, HoldSeconds: 1);
        foreach (var setting in Setting.All)
            if (settings.TryGetValue(setting.Name, out var value)) setup = setting.Apply(setup, value);
        return setup;
    }
}
