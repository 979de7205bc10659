using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypervize.Autoscaling.Simulation;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Autoscaling;

/// <summary>What is asked of the platform to try settings, and to take them.</summary>
public static class TrialCalls
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>Body of a simulation.</summary>
    /// <param name="trial">What is tried; null for nothing.</param>
    /// <param name="from">When the traffic begins.</param>
    public static JsonObject Simulation(Trial? trial, DateTimeOffset from) => new()
    {
        ["set"] = new JsonObject((trial?.Changes ?? []).Select(c => KeyValuePair.Create<string, JsonNode?>(c.It.Name, Number(c.It, c.To)))),
        ["from"] = from.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
    };

    /// <summary>Body of a change of the endpoint's settings to those that are tried, as far as they can be set; null where nothing can.</summary>
    /// <param name="trial">What is tried.</param>
    /// <param name="scaling">How the endpoint may scale: what it tunes itself stays, for a tuning is replaced as a whole.</param>
    public static JsonObject? Change(Trial trial, Scaling scaling)
    {
        var (body, changed, tuning) = (new JsonObject(), new JsonObject(), scaling.Tuning ?? new ScalingTuning());
        foreach (var (it, _, to) in trial.Changes.Where(c => Trial.CanBeSet(c.It)))
        {
            switch (it.Name)
            {
                case "min": changed["min"] = (int)to; break;
                case "max": changed["max"] = (int)to; break;
                case "idle": changed["idleSeconds"] = (int)to; break;
                case "concurrency": changed["concurrency"] = (int)to; break;
                case "rpm": changed["requestsPerMinute"] = (int)to; break;
                case "hold": body["holdSeconds"] = (int)to; break;
                case "target": tuning = tuning with { Utilisation = Math.Min(1, Math.Round(to / trial.Concurrency, 6)) }; break;
                case "window": tuning = tuning with { WindowSeconds = (int)to }; break;
                case "stabilisation": tuning = tuning with { StabilisationSeconds = (int)to }; break;
                case "panic": tuning = tuning with { PanicAt = to }; break;
                case "up": tuning = tuning with { UpRate = to }; break;
                case "down": tuning = tuning with { DownRate = to }; break;
                default: throw new NotSupportedException($"Nobody said how {it.Name} is set.");
            }
        }
        if (tuning != (scaling.Tuning ?? new ScalingTuning())) changed["tuning"] = JsonSerializer.SerializeToNode(tuning, Web);
        if (changed.Count > 0) body["scaling"] = changed;
        return body.Count > 0 ? body : null;
    }

    /// <summary>What would be set, in words, each in a sentence.</summary>
    /// <param name="trial">What is tried.</param>
    public static IReadOnlyList<string> InWords(Trial trial) =>
        [.. trial.Changes.Where(c => Trial.CanBeSet(c.It)).Select(c => $"{Label(c.It)}: {Trial.Text(c.From)} → {Trial.Text(c.To)}{Share(c)}")];

    /// <summary>Whether what would be set replaces the endpoint's tuning: what was measured by the old one is forgotten then.</summary>
    /// <param name="change">The body of the change.</param>
    public static bool Retunes(JsonObject change) => change["scaling"]?["tuning"] is not null;

    /// <summary>A setting as a field's label.</summary>
    /// <param name="setting">The setting.</param>
    public static string Label(Setting setting) => char.ToUpperInvariant(setting.What[0]) + setting.What[1..];

    // The API knows the target as a share of what a node takes.
    private static string Share(TrialChange change) => change.It.Name == "target" ? " (kept as a share of what a node takes at once)" : "";

    private static JsonValue Number(Setting setting, double value) => setting.IsWhole ? JsonValue.Create((int)value) : JsonValue.Create(Math.Round(value, 6));
}
